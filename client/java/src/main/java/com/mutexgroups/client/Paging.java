package com.mutexgroups.client;

import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import io.grpc.Status;
import java.util.Optional;

/** Which page to ask for next. */
final class Paging {
  // A page costs the service one upstream request whatever its size, so ask for the largest.
  private static final int LARGEST_PAGE = 1000;

  private Paging() {}

  /** The request of the first page. */
  static ListMutexGroupsRequest first(ListMutexGroupsRequest request) {
    if (request.getPageSize() != 0) {
      return request;
    }
    return request.toBuilder().setPageSize(LARGEST_PAGE).build();
  }

  /** The request of the page after {@code page}; none after the last one. */
  static Optional<ListMutexGroupsRequest> next(
      ListMutexGroupsRequest request, ListMutexGroupsResponse page) {
    String token = page.getNextPageToken();
    if (token.isEmpty()) {
      return Optional.empty();
    }
    if (token.equals(request.getPageToken())) {
      // Following it would never end.
      throw new MutexGroupsException(
          Status.Code.INTERNAL, "the service answered with the page token that it was asked with");
    }
    return Optional.of(request.toBuilder().setPageToken(token).build());
  }
}
