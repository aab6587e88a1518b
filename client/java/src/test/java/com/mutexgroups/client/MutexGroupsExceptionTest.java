package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.mutexgroups.v1.ErrorReason;
import com.mutexgroups.v1.GetMutexGroupRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class MutexGroupsExceptionTest extends WithFakeService {
  private static final ErrorInfo MISMATCH =
      ErrorInfo.newBuilder()
          .setDomain("mutexgroups")
          .setReason("ETAG_MISMATCH")
          .putMetadata("current_etag", "v1-2")
          .putMetadata("http_status", "409")
          .build();

  @Test
  void hasEveryDetailThatTheServiceSends() {
    MutexGroupsException error =
        failWith(
            MISMATCH,
            BadRequest.newBuilder()
                .addFieldViolations(
                    BadRequest.FieldViolation.newBuilder().setField("name").setDescription("empty"))
                .build(),
            QuotaFailure.newBuilder()
                .addViolations(
                    QuotaFailure.Violation.newBuilder().setSubject("day").setDescription("spent"))
                .build(),
            RetryInfo.newBuilder()
                .setRetryDelay(
                    com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                .build(),
            ResourceInfo.newBuilder().setResourceName("1002").build(),
            RequestInfo.newBuilder().setRequestId("call-1").build());
    assertEquals(Status.Code.ABORTED, error.getCode());
    assertEquals("changed", error.getMessage());
    assertEquals(ErrorReason.ERROR_REASON_ETAG_MISMATCH, error.getReason());
    assertEquals("ETAG_MISMATCH", error.getReasonName());
    assertEquals(Map.of("current_etag", "v1-2", "http_status", "409"), error.getMetadata());
    assertEquals(OptionalInt.of(409), error.getHttpStatus());
    assertEquals("name", error.getViolations().get(0).getField());
    assertEquals("empty", error.getViolations().get(0).getDescription());
    assertEquals("day", error.getQuotaViolations().get(0).getSubject());
    assertEquals(Optional.of(Duration.ofMillis(1500)), error.getRetryDelay());
    assertEquals("1002", error.getResource().orElseThrow().getResourceName());
    assertEquals("call-1", error.getRequestId());
    assertTrue(
        error.toString().endsWith(": ABORTED ETAG_MISMATCH: changed (request call-1)"),
        error.toString());
  }

  @Test
  void keepsTheNameOfAReasonThatIsNewer() {
    MutexGroupsException error =
        failWith(ErrorInfo.newBuilder().setDomain("mutexgroups").setReason("BRAND_NEW").build());
    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, error.getReason());
    assertEquals("BRAND_NEW", error.getReasonName());
  }

  @Test
  void leavesReasonsOfOthersAlone() {
    MutexGroupsException error =
        failWith(ErrorInfo.newBuilder().setDomain("proxy.example").setReason("TIRED").build());
    assertEquals("", error.getReasonName());
    assertEquals(Map.of(), error.getMetadata());
  }

  @Test
  void takesTheRequestIdOfTheTrailerWhereDetailsHaveNone() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER), "call-2");
    assertEquals("call-2", fail(Status.ABORTED.asRuntimeException(trailers)).getRequestId());
  }

  @Test
  void isMadeOfDetailsThatCannotBeReadToo() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        new byte[] {-1, -1});
    MutexGroupsException error = fail(Status.ABORTED.asRuntimeException(trailers));
    assertEquals(Status.Code.ABORTED, error.getCode());
    assertEquals("", error.getReasonName());
  }

  @Test
  void isTheSameTypeWhereNobodyAnswers() {
    service.close();
    MutexGroupsException error =
        assertThrows(
            MutexGroupsException.class,
            () -> client.get(GetMutexGroupRequest.getDefaultInstance()));
    assertEquals(Status.Code.UNAVAILABLE, error.getCode());
    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, error.getReason());
    assertEquals("", error.getReasonName());
    assertEquals(OptionalInt.empty(), error.getHttpStatus());
    assertEquals(Optional.empty(), error.getRetryDelay());
    assertTrue(error.getCause() instanceof StatusRuntimeException);
  }

  private MutexGroupsException failWith(Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.ABORTED.value())
            .setMessage("changed");
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return fail(StatusProto.toStatusRuntimeException(status.build()));
  }

  private MutexGroupsException fail(StatusRuntimeException error) {
    service.answers(error);
    return assertThrows(
        MutexGroupsException.class, () -> client.get(GetMutexGroupRequest.getDefaultInstance()));
  }
}
