package com.mutexgroups.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.mutexgroups.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Why a call failed, with the details that the service attaches. */
public final class MutexGroupsException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String DOMAIN = "mutexgroups";
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> REQUEST_ID =
      Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

  private final Status.Code code;
  private ErrorReason reason = ErrorReason.ERROR_REASON_UNSPECIFIED;
  private String reasonName = "";
  private final TreeMap<String, String> metadata = new TreeMap<>();
  private final ArrayList<BadRequest.FieldViolation> violations = new ArrayList<>();
  private final ArrayList<QuotaFailure.Violation> quotaViolations = new ArrayList<>();
  private Duration retryDelay;
  private ResourceInfo resource;
  private String requestId = "";

  MutexGroupsException(StatusRuntimeException error, Map<String, String> known) {
    super(Optional.ofNullable(error.getStatus().getDescription()).orElse(""), error);
    code = error.getStatus().getCode();
    Metadata trailers = error.getTrailers();
    if (trailers != null) {
      requestId = Optional.ofNullable(trailers.get(REQUEST_ID)).orElse("");
      readDetails(trailers.get(DETAILS));
    }
    known.forEach(metadata::putIfAbsent);
  }

  MutexGroupsException(Status.Code code, String message) {
    super(message);
    this.code = code;
  }

  private void readDetails(byte[] bytes) {
    if (bytes == null) {
      return;
    }
    try {
      for (Any detail : com.google.rpc.Status.parseFrom(bytes).getDetailsList()) {
        read(detail);
      }
    } catch (InvalidProtocolBufferException unreadable) {
      // The code and the message tell what they can.
      addSuppressed(unreadable);
    }
  }

  private void read(Any detail) throws InvalidProtocolBufferException {
    if (detail.is(ErrorInfo.class)) {
      read(detail.unpack(ErrorInfo.class));
    } else if (detail.is(BadRequest.class)) {
      violations.addAll(detail.unpack(BadRequest.class).getFieldViolationsList());
    } else if (detail.is(QuotaFailure.class)) {
      quotaViolations.addAll(detail.unpack(QuotaFailure.class).getViolationsList());
    } else if (detail.is(RetryInfo.class)) {
      com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
      retryDelay = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
    } else if (detail.is(ResourceInfo.class)) {
      resource = detail.unpack(ResourceInfo.class);
    } else if (detail.is(RequestInfo.class)) {
      requestId = detail.unpack(RequestInfo.class).getRequestId();
    }
  }

  private void read(ErrorInfo info) {
    if (!info.getDomain().equals(DOMAIN)) {
      return;
    }
    reasonName = info.getReason();
    try {
      reason = ErrorReason.valueOf("ERROR_REASON_" + reasonName);
    } catch (IllegalArgumentException newer) {
      reason = ErrorReason.ERROR_REASON_UNSPECIFIED;
    }
    metadata.putAll(info.getMetadataMap());
  }

  /** The status of gRPC, such as {@code NOT_FOUND}. */
  public Status.Code getCode() {
    return code;
  }

  /**
   * Why, for programs. Unspecified where gRPC itself made the error (no connection, an unknown
   * method), and where the service is newer than this library: then {@link #getReasonName()} has
   * the name.
   */
  public ErrorReason getReason() {
    return reason;
  }

  /** The reason's name without its prefix, such as "ETAG_MISMATCH"; empty for errors of gRPC. */
  public String getReasonName() {
    return reasonName;
  }

  /**
   * What the reason's documentation promises, such as {@code current_etag} or {@code write_sent};
   * for a create also {@code request_id}, with which the call is safe to repeat.
   */
  public Map<String, String> getMetadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** What Amplitude answered, where it answered. */
  public OptionalInt getHttpStatus() {
    try {
      return OptionalInt.of(Integer.parseInt(metadata.getOrDefault("http_status", "")));
    } catch (NumberFormatException none) {
      return OptionalInt.empty();
    }
  }

  /** All that is wrong with the request; fields count from zero. */
  public List<BadRequest.FieldViolation> getViolations() {
    return Collections.unmodifiableList(violations);
  }

  /** The quotas that are spent. */
  public List<QuotaFailure.Violation> getQuotaViolations() {
    return Collections.unmodifiableList(quotaViolations);
  }

  /** When to come back, where the service says. */
  public Optional<Duration> getRetryDelay() {
    return Optional.ofNullable(retryDelay);
  }

  /** What the error is about, where the service says. */
  public Optional<ResourceInfo> getResource() {
    return Optional.ofNullable(resource);
  }

  /** Names the call in the service's logs; empty where the service was not reached. */
  public String getRequestId() {
    return requestId;
  }

  /** The code, the reason, the message, and the id to look for in the service's logs. */
  @Override
  public String toString() {
    return getClass().getName()
        + ": "
        + code
        + (reasonName.isEmpty() ? "" : " " + reasonName)
        + ": "
        + getMessage()
        + (requestId.isEmpty() ? "" : " (request " + requestId + ")");
  }
}
