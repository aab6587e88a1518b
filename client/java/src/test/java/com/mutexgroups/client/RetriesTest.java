package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.mutexgroups.v1.CreateMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.Test;

class RetriesTest extends WithFakeService {
  private static final StatusRuntimeException UNAVAILABLE =
      Status.UNAVAILABLE.withDescription("down").asRuntimeException();

  @Test
  void areMadeOfReads() {
    service.answers(
        UNAVAILABLE, Status.RESOURCE_EXHAUSTED.asRuntimeException(), FakeService.page("", "1"));
    assertEquals("1", client.list().iterator().next().getId());
    assertEquals(3, service.requests.size());
  }

  @Test
  void endAfterTheFourthAttempt() {
    service.answers(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    MutexGroupsException error =
        assertThrows(
            MutexGroupsException.class,
            () -> client.get(GetMutexGroupRequest.getDefaultInstance()));
    assertEquals(Status.Code.UNAVAILABLE, error.getCode());
    assertEquals("down", error.getMessage());
    assertEquals(4, service.requests.size());
  }

  @Test
  void areLeftWhenTheServiceSaysSo() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "-1");
    service.answers(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
    assertThrows(
        MutexGroupsException.class, () -> client.get(GetMutexGroupRequest.getDefaultInstance()));
    assertEquals(1, service.requests.size());
  }

  @Test
  void areNotMadeOfWrites() {
    service.answers(UNAVAILABLE);
    assertThrows(
        MutexGroupsException.class,
        () -> client.create(CreateMutexGroupRequest.getDefaultInstance()));
    assertEquals(1, service.requests.size());
  }

  @Test
  void areMadeByTheAsyncClientToo() {
    service.answers(UNAVAILABLE);
    client.async().get(GetMutexGroupRequest.getDefaultInstance()).join();
    assertEquals(2, service.requests.size());
  }
}
