package com.mutexgroups.client;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider.ProviderNotFoundException;
import java.util.concurrent.TimeUnit;

/** Makes channels with this client's defaults. */
final class Channels {
  // A service behind a load balancer or NAT that forgets idle connections is noticed within these.
  private static final long KEEPALIVE_TIME_SECONDS = 60;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 20;

  private Channels() {}

  /** A channel that connects when it is first used. */
  static ManagedChannel open(ClientOptions options) {
    ManagedChannelBuilder<?> channel =
        builder(options)
            .enableRetry()
            .defaultServiceConfig(ServiceConfig.forChannel(options.address().target()))
            .maxInboundMessageSize(options.maxReceiveBytes())
            .keepAliveTime(KEEPALIVE_TIME_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (options.address().isLocal()) {
      // gRPC would send even loopback traffic through the proxy that Java's settings name.
      channel.proxyDetector(address -> null);
    }
    if (options.address().isUnix()) {
      // A path is no host.
      channel.overrideAuthority("localhost");
    }
    options.tlsServerName().ifPresent(channel::overrideAuthority);
    return channel.build();
  }

  private static ManagedChannelBuilder<?> builder(ClientOptions options) {
    ChannelCredentials credentials =
        options.tls() ? TlsFiles.credentials(options) : InsecureChannelCredentials.create();
    try {
      return Grpc.newChannelBuilder(options.address().target(), credentials);
    } catch (ProviderNotFoundException error) {
      throw new IllegalArgumentException(reason(options) + ": " + error.getMessage(), error);
    }
  }

  private static String reason(ClientOptions options) {
    if (options.address().isUnix()) {
      return "server (MUTEXGROUPS_SERVER): unix sockets need Linux on x86-64 or aarch64";
    }
    return "server (MUTEXGROUPS_SERVER): cannot be called";
  }
}
