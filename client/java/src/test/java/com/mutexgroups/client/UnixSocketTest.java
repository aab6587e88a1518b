package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.InsecureServerCredentials;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class UnixSocketTest {
  @TempDir Path folder;

  @Test
  void isDialledLikeAnyAddress() throws Exception {
    Path socket = folder.resolve("mutexd.sock");
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    NettyServerBuilder server =
        NettyServerBuilder.forAddress(
                new DomainSocketAddress(socket.toFile()), InsecureServerCredentials.create())
            .channelType(EpollServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop);
    ClientOptions options = ClientOptions.builder().server("unix:" + socket).build();
    try (FakeService service = new FakeService(server);
        MutexGroupsClient client = MutexGroupsClient.connect(options)) {
      assertEquals(ServingStatus.SERVING, client.checkHealth().getStatus());
      assertEquals(1, service.headers.size());
    } finally {
      loop.shutdownGracefully();
    }
  }
}
