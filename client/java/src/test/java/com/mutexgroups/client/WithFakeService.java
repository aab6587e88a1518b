package com.mutexgroups.client;

import org.junit.jupiter.api.AfterEach;

/** Tests that have a service of their own each, and a client of it. */
abstract class WithFakeService {
  final FakeService service = new FakeService();
  final MutexGroupsClient client = service.client();

  @AfterEach
  void stop() {
    client.close();
    service.close();
  }
}
