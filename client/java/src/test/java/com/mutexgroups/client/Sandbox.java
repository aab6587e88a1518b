package com.mutexgroups.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running {@code mutexd --sandbox} on a port of the system's choice. */
final class Sandbox implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("\"listening\",\"listener\":\"grpc\",\"address\":\"([^\"]+)\"");
  private final Process process;
  private final String address;

  /** The program: in MUTEXD_BIN_DIR, or of the release preset. */
  static Optional<Path> program() {
    String folder = System.getenv().getOrDefault("MUTEXD_BIN_DIR", "../../build/release/bin");
    return Optional.of(Path.of(folder, "mutexd")).filter(Files::isExecutable);
  }

  Sandbox(Path program) throws IOException {
    process =
        new ProcessBuilder(
                program.toString(), "--sandbox", "--listen=127.0.0.1:0", "--management=off",
                "--log-format=json")
            .redirectErrorStream(true)
            .start();
    address = addressIn(process);
  }

  String address() {
    return address;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private static String addressIn(Process process) throws IOException {
    BufferedReader log =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      Matcher found = LISTENING.matcher(line);
      if (found.find()) {
        return found.group(1);
      }
    }
    throw new IllegalStateException("mutexd ended before it listened");
  }
}
