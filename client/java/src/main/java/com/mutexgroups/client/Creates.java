package com.mutexgroups.client;

import com.mutexgroups.v1.CreateMutexGroupRequest;
import java.util.Map;
import java.util.UUID;

/** What makes a create safe to repeat. */
final class Creates {
  private Creates() {}

  /** The request with a {@code request_id}: the caller's, or a new one. */
  static CreateMutexGroupRequest withRequestId(CreateMutexGroupRequest request) {
    if (!request.getRequestId().isEmpty()) {
      return request;
    }
    return request.toBuilder().setRequestId(UUID.randomUUID().toString()).build();
  }

  /** What an error of the create tells besides: the id to repeat it with. */
  static Map<String, String> known(CreateMutexGroupRequest request) {
    return Map.of("request_id", request.getRequestId());
  }
}
