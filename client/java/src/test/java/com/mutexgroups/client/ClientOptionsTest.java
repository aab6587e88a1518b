package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientOptionsTest {
  private static final String KEY = "ampex_secret";

  @Test
  void haveSafeDefaults() {
    ClientOptions options = ClientOptions.builder().build();
    assertEquals("127.0.0.1:50051", options.server());
    assertFalse(options.tls());
    assertEquals(Duration.ofSeconds(30), options.timeout());
    assertEquals(64 << 20, options.maxReceiveBytes());
    assertEquals(Optional.empty(), options.amplitudeKey());
  }

  @Test
  void comeFromTheEnvironment() {
    ClientOptions options =
        ClientOptions.fromEnvironment(
                Map.of(
                    "MUTEXGROUPS_SERVER", "groups.internal:443",
                    "MUTEXGROUPS_TLS_CA_FILE", "/etc/ca.pem",
                    "MUTEXGROUPS_TLS_CERT_FILE", "/etc/client.pem",
                    "MUTEXGROUPS_TLS_KEY_FILE", "/etc/client.key",
                    "MUTEXGROUPS_TLS_SERVER_NAME", "mutexd"))
            .build();
    assertEquals("groups.internal:443", options.server());
    assertTrue(options.tls(), "on by itself where a file is given");
    assertEquals(Optional.of(Path.of("/etc/ca.pem")), options.tlsCaFile());
    assertEquals(Optional.of(Path.of("/etc/client.pem")), options.tlsCertFile());
    assertEquals(Optional.of(Path.of("/etc/client.key")), options.tlsKeyFile());
    assertEquals(Optional.of("mutexd"), options.tlsServerName());
  }

  @Test
  void ofTheEnvironmentGiveWayToExplicitOnes() {
    ClientOptions options =
        ClientOptions.fromEnvironment(
                Map.of("MUTEXGROUPS_SERVER", "one:1", "MUTEXGROUPS_TLS", "on"))
            .server("two:2")
            .tls(false)
            .build();
    assertEquals("two:2", options.server());
    assertFalse(options.tls());
  }

  @Test
  void takeAnEmptyVariableAsNone() {
    ClientOptions options =
        ClientOptions.fromEnvironment(
                Map.of(
                    "MUTEXGROUPS_SERVER", "",
                    "MUTEXGROUPS_TLS", "",
                    "MUTEXGROUPS_TLS_CA_FILE", ""))
            .build();
    assertEquals(ClientOptions.DEFAULT_SERVER, options.server());
    assertFalse(options.tls());
  }

  @Test
  void ofTheProcessAreReadToo() {
    // Whatever is set where the tests run, it is read without an error.
    ClientOptions.fromEnvironment().server("localhost:1").build();
  }

  @Test
  void canTurnTlsOnAndOff() {
    assertTrue(
        ClientOptions.fromEnvironment(Map.of("MUTEXGROUPS_TLS", "on")).build().tls());
    assertFalse(
        ClientOptions.fromEnvironment(
                Map.of("MUTEXGROUPS_TLS", "off", "MUTEXGROUPS_TLS_CA_FILE", "/etc/ca.pem"))
            .build()
            .tls());
    assertProblem(
        () -> ClientOptions.fromEnvironment(Map.of("MUTEXGROUPS_TLS", "yes")),
        "MUTEXGROUPS_TLS: expected on or off, found \"yes\"");
  }

  @Test
  void takeACertificateOnlyWithItsKey() {
    assertProblem(
        () -> ClientOptions.builder().tlsCertFile(Path.of("a.pem")).build(),
        "MUTEXGROUPS_TLS_KEY_FILE): one is given without the other");
    assertProblem(
        () -> ClientOptions.builder().tlsKeyFile(Path.of("a.key")).build(),
        "MUTEXGROUPS_TLS_KEY_FILE): one is given without the other");
  }

  @Test
  void takeAServerNameOnlyWithTls() {
    assertProblem(
        () -> ClientOptions.builder().tlsServerName("mutexd").build(), "of no use without TLS");
  }

  @Test
  void takeOnlyTimesAndSizesOverZero() {
    assertProblem(() -> ClientOptions.builder().timeout(Duration.ZERO).build(), "timeout: PT0S");
    assertProblem(
        () -> ClientOptions.builder().timeout(Duration.ofMillis(-1)).build(), "is not over zero");
    assertProblem(() -> ClientOptions.builder().maxReceiveBytes(0).build(), "maxReceiveBytes: 0");
  }

  @Test
  void areCopiedByToBuilder() {
    ClientOptions options =
        ClientOptions.builder().server("unix:/a").amplitudeKey(KEY).maxReceiveBytes(5).build();
    assertEquals(options.toString(), options.toBuilder().build().toString());
    assertEquals(Optional.of(KEY), options.toBuilder().build().amplitudeKey());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/mutexd.sock"})
  void takeAnAmplitudeKeyForThisMachine(String server) {
    assertEquals(
        Optional.of(KEY),
        ClientOptions.builder().server(server).amplitudeKey(KEY).build().amplitudeKey());
  }

  @Test
  void takeAnAmplitudeKeyForOtherMachinesOnlyWithTls() {
    ClientOptions.Builder remote =
        ClientOptions.builder().server("groups.internal:443").amplitudeKey(KEY);
    assertProblem(remote::build, "amplitudeKey: it would cross the network in plain text");
    assertTrue(remote.tls(true).build().tls());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ampex_secret\n", "ampex secret", "ampex_sécret"})
  void refuseAKeyThatCannotBeOneWithoutShowingIt(String key) {
    String message =
        assertProblem(() -> ClientOptions.builder().amplitudeKey(key).build(), "amplitudeKey: ");
    assertFalse(message.contains("ampex"), message);
  }

  @Test
  void areShownWithoutTheKey() {
    String shown = ClientOptions.builder().amplitudeKey(KEY).build().toString();
    assertFalse(shown.contains(KEY), shown);
    assertTrue(shown.contains("server=127.0.0.1:50051"), shown);
    assertTrue(shown.contains("amplitudeKey=(hidden)"), shown);
  }

  private static String assertProblem(Runnable code, String part) {
    String message = assertThrows(IllegalArgumentException.class, code::run).getMessage();
    assertTrue(message.contains(part), message);
    return message;
  }
}
