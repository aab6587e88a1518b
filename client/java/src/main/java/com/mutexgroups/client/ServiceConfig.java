package com.mutexgroups.client;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The service config that mutexgroups publishes for its clients, a copy of which is in the package:
 * reads are retried on UNAVAILABLE and RESOURCE_EXHAUSTED, writes never.
 */
final class ServiceConfig {
  static final String RESOURCE = "service_config.json";

  private ServiceConfig() {}

  /**
   * The published config for a channel to the target, in the form that gRPC takes. Without its
   * time-outs: each call has a deadline of its own, and gRPC would take the shorter of the two and
   * cut off a caller who asked for longer. And without round robin unless the target is a name
   * ({@code dns:}): that connects again and again, ever more seldom, while a server is away, and
   * fails calls between two attempts, where a channel of one address is idle and connects when it is
   * called.
   */
  static Map<String, Object> forChannel(String target) {
    Map<String, Object> config = read();
    if (!target.startsWith("dns:")) {
      config.remove("loadBalancingConfig");
    }
    for (Object method : (List<?>) config.get("methodConfig")) {
      ((Map<?, ?>) method).remove("timeout");
    }
    return config;
  }

  private static Map<String, Object> read() {
    try (InputStream stream = ServiceConfig.class.getResourceAsStream(RESOURCE);
        Reader reader = new InputStreamReader(stream, StandardCharsets.UTF_8)) {
      return new Gson().fromJson(reader, new TypeToken<Map<String, Object>>() {}.getType());
    } catch (IOException error) {
      throw new UncheckedIOException("cannot read " + RESOURCE + " of this package", error);
    }
  }
}
