package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:50051, dns:///127.0.0.1:50051, true",
    "localhost:1, dns:///localhost:1, true",
    "[::1]:50051, dns:///[::1]:50051, true",
    "groups.internal:443, dns:///groups.internal:443, false",
    "127.0.0.1.example.com:443, dns:///127.0.0.1.example.com:443, false",
    "[2001:db8::1]:443, dns:///[2001:db8::1]:443, false",
    "ipv4:10.0.0.1:443, dns:///10.0.0.1:443, false",
    "ipv6:[::1]:443, dns:///[::1]:443, true",
    "dns:///groups.internal:443, dns:///groups.internal:443, false",
    "dns:///localhost:443, dns:///localhost:443, true",
    "dns:groups.internal, dns:groups.internal, false",
    "unix:/run/mutexd.sock, unix:/run/mutexd.sock, true",
    "unix:///run/mutexd.sock, unix:///run/mutexd.sock, true",
  })
  void isReadInEveryForm(String text, String target, boolean local) {
    Address address = Address.parse(text);
    assertEquals(target, address.target());
    assertEquals(local, address.isLocal());
  }

  @ParameterizedTest
  @CsvSource({
    "'', it is empty",
    "unix:, the path is missing",
    "https://groups.internal, it is a URL",
    "groups.internal, the port is missing",
    "[::1], the port is missing",
    "groups.internal:0, the port is not a number",
    "groups.internal:65536, the port is not a number",
    "groups.internal:http, the port is not a number",
    ":50051, the host is missing",
    "::1:50051, an IPv6 address needs brackets",
  })
  void tellsWhatIsWrongAndHowToMendIt(String text, String what) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Address.parse(text)).getMessage();
    assertTrue(message.contains(what), message);
    assertTrue(message.startsWith("server (MUTEXGROUPS_SERVER): \"" + text + "\""), message);
    assertTrue(message.contains("write host:port such as"), message);
  }
}
