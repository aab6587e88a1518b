package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceConfigTest {
  @Test
  void isThePublishedOne() throws IOException {
    Path file = Path.of("../../proto/mutexgroups/v1/service_config.json");
    byte[] published = Files.readAllBytes(file);
    try (InputStream packaged = ServiceConfig.class.getResourceAsStream(ServiceConfig.RESOURCE)) {
      assertArrayEquals(published, packaged.readAllBytes());
    }
  }

  @Test
  void balancesOnlyOverTheAddressesOfAName() {
    for (String name : List.of("dns:///mutexd.example:50051", "dns://127.0.0.1/mutexd.example:1")) {
      assertTrue(ServiceConfig.forChannel(name).containsKey("loadBalancingConfig"));
    }
    for (String address : List.of("mutexd.example:50051", "unix:/run/mutexd.sock")) {
      assertFalse(ServiceConfig.forChannel(address).containsKey("loadBalancingConfig"));
    }
  }

  @Test
  void retriesReadsOnlyAndLeavesDeadlinesToCalls() {
    List<?> methods = (List<?>) ServiceConfig.forChannel("127.0.0.1:1").get("methodConfig");
    Map<?, ?> reads = (Map<?, ?>) methods.get(0);
    Map<?, ?> others = (Map<?, ?>) methods.get(1);
    assertEquals(3, ((List<?>) reads.get("name")).size());
    Map<?, ?> policy = (Map<?, ?>) reads.get("retryPolicy");
    assertEquals(List.of("UNAVAILABLE", "RESOURCE_EXHAUSTED"), policy.get("retryableStatusCodes"));
    assertEquals(4.0, policy.get("maxAttempts"));
    assertEquals(null, reads.get("timeout"));
    assertEquals(
        Map.of("name", List.of(Map.of("service", "mutexgroups.v1.MutexGroupService"))), others);
  }
}
