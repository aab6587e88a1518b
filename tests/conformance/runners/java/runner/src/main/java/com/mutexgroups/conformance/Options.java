package com.mutexgroups.conformance;

import com.google.gson.JsonObject;
import com.mutexgroups.client.ClientOptions;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Reads how to connect. */
final class Options {
  private Options() {}

  static ClientOptions from(JsonObject connect) {
    if (connect.has("environment")) {
      Map<String, String> environment = new HashMap<>();
      connect
          .getAsJsonObject("environment")
          .entrySet()
          .forEach(entry -> environment.put(entry.getKey(), entry.getValue().getAsString()));
      return ClientOptions.fromEnvironment(environment).build();
    }
    ClientOptions.Builder options = ClientOptions.builder();
    if (connect.has("server")) {
      options.server(connect.get("server").getAsString());
    }
    if (connect.has("amplitude_key")) {
      options.amplitudeKey(connect.get("amplitude_key").getAsString());
    }
    if (connect.has("tls")) {
      readTls(connect.getAsJsonObject("tls"), options.tls(true));
    }
    return options.build();
  }

  private static void readTls(JsonObject tls, ClientOptions.Builder options) {
    if (tls.has("ca_file")) {
      options.tlsCaFile(Path.of(tls.get("ca_file").getAsString()));
    }
    if (tls.has("cert_file")) {
      options.tlsCertFile(Path.of(tls.get("cert_file").getAsString()));
    }
    if (tls.has("key_file")) {
      options.tlsKeyFile(Path.of(tls.get("key_file").getAsString()));
    }
    if (tls.has("server_name")) {
      options.tlsServerName(tls.get("server_name").getAsString());
    }
  }
}
