package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  @TempDir static Path folder;
  private static TestCertificates authority;

  @BeforeAll
  static void makeCertificates() throws Exception {
    authority = new TestCertificates(folder);
    authority.issue("server", "DNS:mutexd,IP:127.0.0.1");
    authority.issue("client", "DNS:client");
  }

  private static FakeService service(ClientAuth clients) throws IOException {
    ServerCredentials credentials =
        TlsServerCredentials.newBuilder()
            .keyManager(file("server.pem").toFile(), file("server.key").toFile())
            .trustManager(file("ca.pem").toFile())
            .clientAuth(clients)
            .build();
    return new FakeService(credentials);
  }

  private static Path file(String name) {
    return folder.resolve(name);
  }

  private static ClientOptions.Builder trusting(FakeService service) {
    return ClientOptions.builder().server(service.address()).tlsCaFile(file("ca.pem"));
  }

  private static ServingStatus health(ClientOptions.Builder options) {
    try (MutexGroupsClient client = MutexGroupsClient.connect(options.build())) {
      return client.checkHealth().getStatus();
    }
  }

  @Test
  void trustsTheRootsOfTheFile() throws Exception {
    try (FakeService service = service(ClientAuth.NONE)) {
      assertEquals(ServingStatus.SERVING, health(trusting(service)));
    }
  }

  @Test
  void trustsNobodyElse() throws Exception {
    try (FakeService service = service(ClientAuth.NONE)) {
      ClientOptions.Builder options = ClientOptions.builder().server(service.address()).tls(true);
      MutexGroupsException error = assertThrows(MutexGroupsException.class, () -> health(options));
      assertEquals(Status.Code.UNAVAILABLE, error.getCode());
    }
  }

  @Test
  void expectsTheNameThatItIsTold() throws Exception {
    try (FakeService service = service(ClientAuth.NONE)) {
      assertEquals(ServingStatus.SERVING, health(trusting(service).tlsServerName("mutexd")));
      ClientOptions.Builder wrong = trusting(service).tlsServerName("other");
      assertThrows(MutexGroupsException.class, () -> health(wrong));
    }
  }

  @Test
  void showsItsCertificate() throws Exception {
    try (FakeService service = service(ClientAuth.REQUIRE)) {
      assertThrows(MutexGroupsException.class, () -> health(trusting(service)));
      ClientOptions.Builder known =
          trusting(service).tlsCertFile(file("client.pem")).tlsKeyFile(file("client.key"));
      assertEquals(ServingStatus.SERVING, health(known));
    }
  }

  @Test
  void namesTheFileThatIsWrong() throws Exception {
    Files.writeString(file("empty.pem"), "");
    Files.writeString(file("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n");
    assertProblem(
        ClientOptions.builder().tlsCaFile(file("none.pem")),
        "tlsCaFile (MUTEXGROUPS_TLS_CA_FILE): there is no file " + file("none.pem"));
    assertProblem(
        ClientOptions.builder().tlsCaFile(folder),
        "tlsCaFile (MUTEXGROUPS_TLS_CA_FILE): cannot read " + folder);
    assertProblem(
        ClientOptions.builder().tlsCaFile(file("empty.pem")), "has no certificates in PEM form");
    assertProblem(
        ClientOptions.builder().tlsCaFile(file("broken.pem")), "has no certificates in PEM form");
    assertProblem(
        ClientOptions.builder().tlsCertFile(file("server.key")).tlsKeyFile(file("server.key")),
        "tlsCertFile (MUTEXGROUPS_TLS_CERT_FILE): " + file("server.key"));
    assertProblem(
        ClientOptions.builder().tlsCertFile(file("server.pem")).tlsKeyFile(file("server.pem")),
        "tlsKeyFile (MUTEXGROUPS_TLS_KEY_FILE): " + file("server.pem"));
    assertProblem(
        ClientOptions.builder().tlsCertFile(file("server.pem")).tlsKeyFile(file("client.key")),
        file("client.key") + " is not the key of the first certificate in " + file("server.pem"));
    TestCertificates.openssl(
        "genpkey", "-algorithm", "RSA", "-out", file("rsa.key").toString());
    assertProblem(
        ClientOptions.builder().tlsCertFile(file("server.pem")).tlsKeyFile(file("rsa.key")),
        "is not the key of the first certificate");
  }

  @Test
  void tellsHowToConvertAKeyOfAnOlderForm() throws Exception {
    TestCertificates.openssl(
        "ec", "-in", file("client.key").toString(), "-out", file("old.key").toString());
    assertProblem(
        ClientOptions.builder().tlsCertFile(file("client.pem")).tlsKeyFile(file("old.key")),
        "openssl pkcs8 -topk8 -nocrypt");
  }

  private static void assertProblem(ClientOptions.Builder options, String part) {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> MutexGroupsClient.connect(options.build()))
            .getMessage();
    assertTrue(message.contains(part), message);
  }
}
