package com.mutexgroups.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A certificate authority that nobody trusts unless told to, made with openssl. */
final class TestCertificates {
  private final Path folder;

  /** Writes {@code ca.pem} and {@code ca.key}. */
  TestCertificates(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=ca", "-days", "2", "-keyout", file("ca.key"), "-out", file("ca.pem"));
  }

  /** Writes {@code NAME.pem} and {@code NAME.key}. */
  void issue(String name, String alternativeNames) throws IOException, InterruptedException {
    String request = file(name + ".csr");
    String extensions = file(name + ".ext");
    Files.writeString(Path.of(extensions), "subjectAltName=" + alternativeNames);
    openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=" + name, "-keyout", file(name + ".key"), "-out", request);
    openssl(
        "x509", "-req", "-in", request, "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
        "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", file(name + ".pem"));
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  static void openssl(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IllegalStateException(command + ": " + output);
    }
  }
}
