import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata } from "@grpc/grpc-js";
import { ErrorReason, MutexGroupsError, status } from "mutexgroups";

import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../dist/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../dist/gen/google/rpc/status_pb.js";
import { connect, failure, startFake } from "./fake_service.js";

function detail<Desc extends DescMessage>(schema: Desc, value: MessageInitShape<Desc>) {
  return anyPack(schema, create(schema, value));
}

/** What the client makes of an ABORTED with these details, and these bytes in their place. */
async function received(
  t: TestContext,
  details: ReturnType<typeof detail>[],
  bytes?: Uint8Array,
): Promise<MutexGroupsError> {
  const trailer = new Metadata();
  trailer.set("x-request-id", "in-trailer");
  const message = create(StatusSchema, { code: status.ABORTED, message: "no", details });
  trailer.set("grpc-status-details-bin", Buffer.from(bytes ?? toBinary(StatusSchema, message)));
  const fake = await startFake(t, {
    UpdateMutexGroup: () => {
      throw failure(status.ABORTED, "no", trailer);
    },
  });
  try {
    await connect(t, { server: fake.address }).update({});
  } catch (error) {
    assert(error instanceof MutexGroupsError);
    return error;
  }
  assert.fail("the call did not fail");
}

test("all details are read", async (t) => {
  const error = await received(t, [
    detail(ErrorInfoSchema, {
      domain: "mutexgroups",
      reason: "ETAG_MISMATCH",
      metadata: { current_etag: "v1-2", http_status: "409" },
    }),
    detail(BadRequestSchema, { fieldViolations: [{ field: "f", description: "d" }] }),
    detail(QuotaFailureSchema, { violations: [{ subject: "s", description: "q" }] }),
    detail(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }),
    detail(ResourceInfoSchema, { resourceType: "t", resourceName: "n", description: "r" }),
    detail(RequestInfoSchema, { requestId: "in-details" }),
  ]);
  assert.equal(error.code, status.ABORTED);
  assert.equal(error.codeName, "ABORTED");
  assert.equal(error.message, "no");
  assert.equal(error.reason, ErrorReason.ETAG_MISMATCH);
  assert.equal(error.reasonName, "ETAG_MISMATCH");
  assert.deepEqual(error.metadata, { current_etag: "v1-2", http_status: "409" });
  assert.equal(error.httpStatus, 409);
  assert.deepEqual(error.violations, [{ field: "f", description: "d" }]);
  assert.deepEqual(error.quotaViolations, [{ subject: "s", description: "q" }]);
  assert.equal(error.retryDelayMs, 1500);
  assert.deepEqual(error.resource, { type: "t", name: "n", description: "r" });
  assert.equal(error.requestId, "in-details");
  assert(error.cause instanceof Error);
});

test("the trailer names the call where the details do not", async (t) => {
  const error = await received(t, []);
  assert.equal(error.requestId, "in-trailer");
  assert.equal(error.reason, ErrorReason.UNSPECIFIED);
  assert.equal(error.httpStatus, undefined);
  assert.equal(error.retryDelayMs, undefined);
});

test("a reason of a newer service keeps its name", async (t) => {
  for (const reason of ["NEW_ONE", "9", "toString"]) {
    const error = await received(t, [detail(ErrorInfoSchema, { domain: "mutexgroups", reason })]);
    assert.equal(error.reasonName, reason);
    assert.equal(error.reason, ErrorReason.UNSPECIFIED);
  }
});

test("reasons of others are not ours", async (t) => {
  const error = await received(t, [detail(ErrorInfoSchema, { domain: "proxy", reason: "ETAG_MISMATCH" })]);
  assert.equal(error.reasonName, "");
  assert.equal(error.reason, ErrorReason.UNSPECIFIED);
});

test("details that cannot be read leave the rest", async (t) => {
  const error = await received(t, [], new Uint8Array([0xff, 0xff]));
  assert.equal(error.code, status.ABORTED);
  assert.equal(error.message, "no");
  const broken = { ...detail(ErrorInfoSchema, {}), value: new Uint8Array([0xff]) };
  const request = detail(RequestInfoSchema, { requestId: "in-details" });
  assert.equal((await received(t, [broken, request])).requestId, "in-details");
});

test("no connection is the same kind of error", async (t) => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
  await assert.rejects(
    connect(t, { server: `127.0.0.1:${port}` }).update({}),
    (error) =>
      error instanceof MutexGroupsError && error.code === status.UNAVAILABLE && error.reasonName === "",
  );
});
