package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.mutexgroups.v1.AddSlotMembersRequest;
import com.mutexgroups.v1.CreateMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupResponse;
import com.mutexgroups.v1.MutexGroup;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class CallsTest extends WithFakeService {
  private static final GetMutexGroupRequest GET =
      GetMutexGroupRequest.newBuilder().setMutexGroupId("1002").build();

  @Test
  void reachTheService() {
    MutexGroup group = MutexGroup.newBuilder().setId("1002").build();
    service.answers(GetMutexGroupResponse.newBuilder().setMutexGroup(group).build());
    assertEquals(group, client.get(GET).getMutexGroup());
    assertEquals(GET, service.requests.get(0));
  }

  @Test
  void returnFuturesWhereAskedTo() {
    MutexGroup group = MutexGroup.newBuilder().setId("1002").build();
    service.answers(GetMutexGroupResponse.newBuilder().setMutexGroup(group).build());
    assertEquals(group, client.async().get(GET).join().getMutexGroup());
  }

  @Test
  void areCancelledWithTheirFutures() throws InterruptedException {
    service.answers(FakeService.SILENCE);
    CompletableFuture<GetMutexGroupResponse> future = client.async().get(GET);
    while (service.requests.isEmpty()) {
      Thread.onSpinWait();
    }
    future.cancel(true);
    assertTrue(service.cancelled.await(4, TimeUnit.MINUTES));
  }

  @Test
  void endWhenTheirTimeIsOver() {
    service.answers(FakeService.SILENCE, FakeService.SILENCE);
    MutexGroupsClient hurried = client.withTimeout(Duration.ofMillis(50));
    assertEquals(
        Status.Code.DEADLINE_EXCEEDED,
        assertThrows(MutexGroupsException.class, () -> hurried.get(GET)).getCode());
    CompletableFuture<GetMutexGroupResponse> future =
        client.async().withTimeout(Duration.ofMillis(50)).get(GET);
    Throwable error = assertThrows(CompletionException.class, future::join).getCause();
    assertEquals(Status.Code.DEADLINE_EXCEEDED, ((MutexGroupsException) error).getCode());
  }

  @Test
  void tellTheServiceTheirDeadline() {
    client.get(GET);
    assertTrue(millis(service.header("grpc-timeout")) <= 30_000);
  }

  @Test
  void mayTakeLongerThanThePublishedConfigSays() {
    client.withTimeout(Duration.ofMinutes(10)).get(GET);
    assertTrue(millis(service.header("grpc-timeout")) > 300_000, service.header("grpc-timeout"));
  }

  @Test
  void takeAnyTimeOverZero() {
    assertThrows(IllegalArgumentException.class, () -> client.withTimeout(Duration.ZERO));
    assertDoesNotThrow(() -> client.withTimeout(Duration.ofSeconds(Long.MAX_VALUE)).get(GET));
  }

  @Test
  void carryACorrelationId() {
    client.withCorrelationId("abc").withTimeout(Duration.ofMinutes(1)).get(GET);
    assertEquals("abc", service.header("x-request-id"));
    assertThrows(IllegalArgumentException.class, () -> client.withCorrelationId("a b"));
    assertThrows(IllegalArgumentException.class, () -> client.withCorrelationId("a\nb"));
  }

  @Test
  void carryACorrelationIdAsyncToo() {
    client.async().withCorrelationId("abc").get(GET).join();
    assertEquals("abc", service.header("x-request-id"));
  }

  @Test
  void carryNothingThatWasNotAskedFor() {
    client.get(GET);
    assertNull(service.header("x-request-id"));
    assertNull(service.header("x-amplitude-management-key"));
  }

  @Test
  void carryTheAmplitudeKey() {
    ClientOptions options =
        ClientOptions.builder().server(service.address()).amplitudeKey("ampex_1").build();
    try (MutexGroupsClient own = MutexGroupsClient.connect(options)) {
      own.get(GET);
    }
    assertEquals("ampex_1", service.header("x-amplitude-management-key"));
  }

  @Test
  void refuseAnswersOverTheLimit() {
    service.answers(
        GetMutexGroupResponse.newBuilder()
            .setMutexGroup(MutexGroup.newBuilder().setName("x".repeat(2000)))
            .build());
    ClientOptions options =
        ClientOptions.builder().server(service.address()).maxReceiveBytes(1000).build();
    try (MutexGroupsClient small = MutexGroupsClient.connect(options)) {
      MutexGroupsException error =
          assertThrows(
              MutexGroupsException.class,
              () -> small.withTimeout(Duration.ofMinutes(4)).get(GET));
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, error.getCode());
    }
  }

  @Test
  void toMethodsThatTheServiceLacksAreErrorsOfGrpc() {
    MutexGroupsException error =
        assertThrows(
            MutexGroupsException.class,
            () -> client.addSlotMembers(AddSlotMembersRequest.getDefaultInstance()));
    assertEquals(Status.Code.UNIMPLEMENTED, error.getCode());
    assertEquals("", error.getReasonName());
  }

  @Test
  void thatCreateGetARequestId() {
    client.create(CreateMutexGroupRequest.getDefaultInstance());
    client.async().create(CreateMutexGroupRequest.getDefaultInstance()).join();
    String first = ((CreateMutexGroupRequest) service.requests.get(0)).getRequestId();
    String second = ((CreateMutexGroupRequest) service.requests.get(1)).getRequestId();
    assertEquals(first, UUID.fromString(first).toString());
    assertEquals(second, UUID.fromString(second).toString());
    assertTrue(!first.equals(second));
  }

  @Test
  void thatCreateKeepTheirRequestId() {
    String id = "5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71";
    client.create(CreateMutexGroupRequest.newBuilder().setRequestId(id).build());
    assertEquals(id, ((CreateMutexGroupRequest) service.requests.get(0)).getRequestId());
  }

  @Test
  void thatFailToCreateTellTheIdToRepeatThemWith() {
    service.answers(Status.UNKNOWN.asRuntimeException(), Status.UNKNOWN.asRuntimeException());
    Map<String, String> metadata =
        assertThrows(
                MutexGroupsException.class,
                () -> client.create(CreateMutexGroupRequest.getDefaultInstance()))
            .getMetadata();
    String sent = ((CreateMutexGroupRequest) service.requests.get(0)).getRequestId();
    assertEquals(sent, metadata.get("request_id"));

    Throwable error =
        assertThrows(
                CompletionException.class,
                () -> client.async().create(CreateMutexGroupRequest.getDefaultInstance()).join())
            .getCause();
    sent = ((CreateMutexGroupRequest) service.requests.get(1)).getRequestId();
    assertEquals(sent, ((MutexGroupsException) error).getMetadata().get("request_id"));
  }

  @Test
  void askForHealth() {
    HealthCheckResponse.ServingStatus serving = HealthCheckResponse.ServingStatus.SERVING;
    assertEquals(serving, client.checkHealth().getStatus());
    assertEquals(serving, client.async().checkHealth().join().getStatus());
    HealthCheckRequest other = HealthCheckRequest.newBuilder().setService("other").build();
    assertEquals(
        Status.Code.NOT_FOUND,
        assertThrows(MutexGroupsException.class, () -> client.checkHealth(other)).getCode());
  }

  @Test
  void failOnceTheClientIsClosed() {
    MutexGroupsClient sharing = client.withCorrelationId("abc");
    client.close();
    client.close();
    assertEquals(
        Status.Code.UNAVAILABLE,
        assertThrows(MutexGroupsException.class, () -> sharing.get(GET)).getCode());
  }

  // grpc-timeout is digits and a unit.
  private static long millis(String timeout) {
    long value = Long.parseLong(timeout.substring(0, timeout.length() - 1));
    switch (timeout.charAt(timeout.length() - 1)) {
      case 'n':
        return TimeUnit.NANOSECONDS.toMillis(value);
      case 'u':
        return TimeUnit.MICROSECONDS.toMillis(value);
      case 'm':
        return value;
      case 'S':
        return TimeUnit.SECONDS.toMillis(value);
      default:
        throw new IllegalArgumentException(timeout);
    }
  }
}
