package com.mutexgroups.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Makes calls with a deadline, and turns their errors into this package's. */
final class Calls {
  private static final Metadata.Key<String> CORRELATION_ID =
      Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> AMPLITUDE_KEY =
      Metadata.Key.of("x-amplitude-management-key", Metadata.ASCII_STRING_MARSHALLER);

  private final Channel channel;
  private final Duration timeout;
  private final String amplitudeKey;
  private final String correlationId;

  /** Calls without a correlation id; {@code amplitudeKey} may be null. */
  Calls(Channel channel, Duration timeout, String amplitudeKey) {
    this(channel, timeout, amplitudeKey, null);
  }

  private Calls(Channel channel, Duration timeout, String amplitudeKey, String correlationId) {
    this.channel = channel;
    this.timeout = timeout;
    this.amplitudeKey = amplitudeKey;
    this.correlationId = correlationId;
  }

  Calls withTimeout(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("timeout: " + timeout + " is not over zero");
    }
    return new Calls(channel, timeout, amplitudeKey, correlationId);
  }

  Calls withCorrelationId(String id) {
    if (id.isEmpty() || !isPlainText(id)) {
      throw new IllegalArgumentException(
          "correlationId: it is empty or has spaces, line breaks or letters outside of ASCII");
    }
    return new Calls(channel, timeout, amplitudeKey, id);
  }

  /** Whether a text can be sent as metadata as it is. */
  static boolean isPlainText(String text) {
    return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  <Q, R> R call(MethodDescriptor<Q, R> method, Q request) {
    return call(method, request, Map.of());
  }

  /** {@code known} is put into an error's metadata, where the service has not put it. */
  <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Map<String, String> known) {
    try {
      return ClientCalls.blockingUnaryCall(withHeaders(), method, callOptions(), request);
    } catch (StatusRuntimeException error) {
      throw new MutexGroupsException(error, known);
    }
  }

  <Q, R> CompletableFuture<R> future(MethodDescriptor<Q, R> method, Q request) {
    return future(method, request, Map.of());
  }

  <Q, R> CompletableFuture<R> future(
      MethodDescriptor<Q, R> method, Q request, Map<String, String> known) {
    ClientCall<Q, R> call = withHeaders().newCall(method, callOptions());
    CompletableFuture<R> future = new CompletableFuture<>();
    future.whenComplete(
        (response, error) -> {
          if (future.isCancelled()) {
            call.cancel("cancelled by the caller", null);
          }
        });
    ClientCalls.asyncUnaryCall(call, request, new Completing<>(future, known));
    return future;
  }

  private CallOptions callOptions() {
    // Saturates, where Duration.toNanos() would fail.
    long nanos = TimeUnit.NANOSECONDS.convert(timeout);
    return CallOptions.DEFAULT.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS);
  }

  private Channel withHeaders() {
    Metadata headers = new Metadata();
    if (amplitudeKey != null) {
      headers.put(AMPLITUDE_KEY, amplitudeKey);
    }
    if (correlationId != null) {
      headers.put(CORRELATION_ID, correlationId);
    }
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Completes a future with the outcome of a call. */
  private static final class Completing<R> implements StreamObserver<R> {
    private final CompletableFuture<R> future;
    private final Map<String, String> known;
    private R response;

    Completing(CompletableFuture<R> future, Map<String, String> known) {
      this.future = future;
      this.known = known;
    }

    @Override
    public void onNext(R response) {
      this.response = response;
    }

    @Override
    public void onError(Throwable error) {
      future.completeExceptionally(
          error instanceof StatusRuntimeException
              ? new MutexGroupsException((StatusRuntimeException) error, known)
              : error);
    }

    @Override
    public void onCompleted() {
      future.complete(response);
    }
  }
}
