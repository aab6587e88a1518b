import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { HealthCheckResponse_ServingStatus, MutexGroupsError, OptionError, status } from "mutexgroups";

import { connect, failure, FakeService, startFake } from "./fake_service.js";

// Deadlines lose what the way takes; a slow machine loses a lot.
const SLACK_MS = 20_000;

test("every call has a deadline: 30 s, the client's, or the call's however long", async (t) => {
  const fake = await startFake(t);
  for (const [ofClient, ofCall, want] of [
    [undefined, undefined, 30_000],
    [60_000, undefined, 60_000],
    [undefined, 120_000, 120_000],
    [120_000, 40_000, 40_000],
  ]) {
    await connect(t, { server: fake.address, timeoutMs: ofClient }).get({}, { timeoutMs: ofCall });
    const { leftMs } = fake.received.at(-1)!;
    assert(leftMs <= want! && leftMs > want! - SLACK_MS, `${leftMs} ms were left of ${want}`);
  }
});

test("a deadline that passes is told", async (t) => {
  const fake = await startFake(t, { GetMutexGroup: () => new Promise(() => {}) });
  await assert.rejects(connect(t, { server: fake.address }).get({}, { timeoutMs: 50 }), {
    name: "MutexGroupsError",
    code: status.DEADLINE_EXCEEDED,
    codeName: "DEADLINE_EXCEEDED",
    reasonName: "",
  });
});

test("a time-out that is none is told", async (t) => {
  const client = connect(t, {});
  await assert.rejects(client.get({}, { timeoutMs: -1 }), OptionError);
});

test("a signal ends a call under way, and the service learns of it", async (t) => {
  const controller = new AbortController();
  const reason = new Error("no longer wanted");
  const fake = await startFake(t, {
    GetMutexGroup: () => {
      controller.abort(reason);
      return new Promise(() => {});
    },
  });
  const client = connect(t, { server: fake.address });
  const isAbort = (error: unknown): boolean =>
    error instanceof MutexGroupsError && error.code === status.CANCELLED && error.cause === reason;
  await assert.rejects(client.get({}, { signal: controller.signal }), isAbort);
  await assert.rejects(client.get({}, { signal: controller.signal }), isAbort, "aborted before the call");
  assert.equal(fake.received.length, 1);
});

test("a correlation id is sent, and one that cannot be sent is told", async (t) => {
  const fake = await startFake(t);
  const client = connect(t, { server: fake.address });
  await client.get({}, { correlationId: "order-17" });
  assert.deepEqual(fake.received[0]!.metadata.get("x-request-id"), ["order-17"]);
  await assert.rejects(client.get({}, { correlationId: "line\nbreak" }), OptionError);
});

test("reads are retried by the published service config", async (t) => {
  for (const code of [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED]) {
    let calls = 0;
    const fake = await startFake(t, {
      GetMutexGroup: () => {
        if (++calls < 3) throw failure(code);
        return {};
      },
    });
    await connect(t, { server: fake.address }).get({});
    assert.equal(calls, 3);
  }
});

test("reads are not retried forever, and writes never", async (t) => {
  const down = (): never => {
    throw failure(status.UNAVAILABLE);
  };
  const fake = await startFake(t, { GetMutexGroup: down, CreateMutexGroup: down });
  const client = connect(t, { server: fake.address });
  await assert.rejects(client.get({}), { code: status.UNAVAILABLE });
  assert.equal(fake.received.length, 4);
  await assert.rejects(client.create({}), { code: status.UNAVAILABLE });
  assert.equal(fake.received.length, 5);
});

test("messages up to the limit are taken", async (t) => {
  const fake = await startFake(t, {
    GetMutexGroup: () => ({ mutexGroup: { description: "x".repeat(5 << 20) } }),
  });
  const reply = await connect(t, { server: fake.address }).get({});
  assert.equal(reply.mutexGroup!.description.length, 5 << 20);
  await assert.rejects(connect(t, { server: fake.address, maxReceiveBytes: 1 << 20 }).get({}), {
    code: status.RESOURCE_EXHAUSTED,
  });
});

test("ids are strings, also beyond the numbers that JavaScript has", async (t) => {
  const largest = "9223372036854775807";
  const fake = await startFake(t, {
    GetMutexGroup: () => ({ mutexGroup: { projectId: largest, slots: [{ experimentIds: [largest] }] } }),
  });
  const { mutexGroup } = await connect(t, { server: fake.address }).get({});
  assert.equal(mutexGroup!.projectId, largest);
  assert.deepEqual(mutexGroup!.slots[0]!.experimentIds, [largest]);
});

test("unix sockets work", async (t) => {
  const fake = new FakeService({});
  await fake.start(t, `unix:${join(mkdtempSync(join(tmpdir(), "mutexgroups-")), "mutexd.sock")}`);
  await connect(t, { server: fake.address }).get({});
  assert.equal(fake.received.length, 1);
});

test("a proxy of the environment is not asked for local addresses", async (t) => {
  const fake = await startFake(t);
  process.env["grpc_proxy"] = "http://127.0.0.1:1";
  t.after(() => delete process.env["grpc_proxy"]);
  await connect(t, { server: fake.address }).get({});
});

test("health is asked for by the standard service", async (t) => {
  const fake = await startFake(t, { Check: () => ({ status: HealthCheckResponse_ServingStatus.SERVING }) });
  const { status } = await connect(t, { server: fake.address }).checkHealth();
  assert.equal(status, HealthCheckResponse_ServingStatus.SERVING);
});

test("a closed client says so", async (t) => {
  const client = connect(t, {});
  client.close();
  await assert.rejects(client.get({}), { code: status.CANCELLED, message: "the client is closed" });
});

test("each RPC has its method", async (t) => {
  const fake = await startFake(t);
  const client = connect(t, { server: fake.address });
  await client.batchGet({});
  await client.update({});
  await client.updateSlot({});
  await client.addSlotMembers({});
  await client.removeSlotMembers({});
  await client.moveSlotMembers({});
  await client.archive({});
  await client.unarchive({});
  assert.deepEqual(
    fake.received.map(({ method }) => method),
    [
      "BatchGetMutexGroups",
      "UpdateMutexGroup",
      "UpdateSlot",
      "AddSlotMembers",
      "RemoveSlotMembers",
      "MoveSlotMembers",
      "ArchiveMutexGroup",
      "UnarchiveMutexGroup",
    ],
  );
});
