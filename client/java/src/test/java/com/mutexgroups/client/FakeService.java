package com.mutexgroups.client;

import com.google.protobuf.Message;
import com.mutexgroups.v1.CreateMutexGroupRequest;
import com.mutexgroups.v1.CreateMutexGroupResponse;
import com.mutexgroups.v1.GetMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupResponse;
import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import com.mutexgroups.v1.MutexGroup;
import com.mutexgroups.v1.MutexGroupServiceGrpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A service in this process that answers as a test tells it to, over a real socket. */
final class FakeService implements AutoCloseable {
  /** An answer that never comes. */
  static final Object SILENCE = new Object();

  final List<Message> requests = new CopyOnWriteArrayList<>();
  final List<Metadata> headers = new CopyOnWriteArrayList<>();
  final CountDownLatch cancelled = new CountDownLatch(1);
  private final Queue<Object> answers = new ConcurrentLinkedQueue<>();
  private final Server server;

  FakeService() {
    this(InsecureServerCredentials.create());
  }

  FakeService(ServerCredentials credentials) {
    this(NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0), credentials));
  }

  FakeService(ServerBuilder<?> builder) {
    server =
        builder
            .addService(new Groups())
            .addService(new HealthStatusManager().getHealthService())
            .intercept(new Recorder())
            .build();
    try {
      server.start();
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  int port() {
    return server.getPort();
  }

  String address() {
    return "127.0.0.1:" + port();
  }

  MutexGroupsClient client() {
    return MutexGroupsClient.connect(ClientOptions.builder().server(address()).build());
  }

  /** The next answers: a response, an exception, or {@link #SILENCE}; then empty responses. */
  FakeService answers(Object... next) {
    answers.addAll(List.of(next));
    return this;
  }

  /** A page with groups of these ids; an empty token ends the listing. */
  static ListMutexGroupsResponse page(String nextToken, String... ids) {
    ListMutexGroupsResponse.Builder page =
        ListMutexGroupsResponse.newBuilder().setNextPageToken(nextToken);
    for (String id : ids) {
      page.addMutexGroups(MutexGroup.newBuilder().setId(id));
    }
    return page.build();
  }

  String header(String name) {
    return headers.get(0).get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }

  @Override
  public void close() {
    try {
      server.shutdownNow().awaitTermination();
    } catch (InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  private <R> void answer(Message request, StreamObserver<R> observer, R otherwise) {
    requests.add(request);
    Object next = answers.poll();
    if (next instanceof StatusRuntimeException) {
      observer.onError((StatusRuntimeException) next);
    } else if (next != SILENCE) {
      @SuppressWarnings("unchecked") // The test knows what it asks for.
      R response = next == null ? otherwise : (R) next;
      observer.onNext(response);
      observer.onCompleted();
    }
  }

  private final class Groups extends MutexGroupServiceGrpc.MutexGroupServiceImplBase {
    @Override
    public void listMutexGroups(
        ListMutexGroupsRequest request, StreamObserver<ListMutexGroupsResponse> observer) {
      answer(request, observer, ListMutexGroupsResponse.getDefaultInstance());
    }

    @Override
    public void getMutexGroup(
        GetMutexGroupRequest request, StreamObserver<GetMutexGroupResponse> observer) {
      answer(request, observer, GetMutexGroupResponse.getDefaultInstance());
    }

    @Override
    public void createMutexGroup(
        CreateMutexGroupRequest request, StreamObserver<CreateMutexGroupResponse> observer) {
      answer(request, observer, CreateMutexGroupResponse.getDefaultInstance());
    }
  }

  private final class Recorder implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata received, ServerCallHandler<Q, R> next) {
      headers.add(received);
      io.grpc.Context.current()
          .addListener(
              context -> {
                if (context.cancellationCause() != null) {
                  cancelled.countDown();
                }
              },
              Runnable::run);
      return next.startCall(call, received);
    }
  }
}
