import assert from "node:assert/strict";
import { test } from "node:test";

import { create, CreateMutexGroupRequestSchema, MutexGroupsError, status } from "mutexgroups";

import { connect, failure, startFake } from "./fake_service.js";

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a create that is repeated has the same id, a plain object's as a message's", async (t) => {
  for (const request of [{}, create(CreateMutexGroupRequestSchema)]) {
    let calls = 0;
    const fake = await startFake(t, {
      CreateMutexGroup: () => {
        if (++calls === 1) throw failure(status.UNAVAILABLE);
        return {};
      },
    });
    const client = connect(t, { server: fake.address });
    await assert.rejects(client.create(request), MutexGroupsError);
    await client.create(request);
    const [first, second] = fake.received.map(({ request }) => request.requestId);
    assert.match(first, UUID4);
    assert.equal(first, second);
  }
});

test("the error of a create has the id, also of a request that cannot be changed", async (t) => {
  const fake = await startFake(t, {
    CreateMutexGroup: () => {
      throw failure(status.UNAVAILABLE);
    },
  });
  await assert.rejects(
    connect(t, { server: fake.address }).create(Object.freeze({})),
    (error) =>
      error instanceof MutexGroupsError &&
      error.metadata["request_id"] === fake.received[0]!.request.requestId,
  );
  assert.match(fake.received[0]!.request.requestId, UUID4);
});

test("two creates have two ids, and the caller's own is kept", async (t) => {
  const fake = await startFake(t);
  const client = connect(t, { server: fake.address });
  await client.create({});
  await client.create({});
  await client.create({ requestId: "5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71" });
  const ids = fake.received.map(({ request }) => request.requestId);
  assert.notEqual(ids[0], ids[1]);
  assert.equal(ids[2], "5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71");
});
