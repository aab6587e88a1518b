import assert from "node:assert/strict";
import { test } from "node:test";

import { type Client, MutexGroupsError, status } from "mutexgroups";

import { connect, failure, type Handler, startFake } from "./fake_service.js";

/** Serves pages by their tokens. A token without a page is an error that nothing retries. */
function serving(pages: Record<string, object>): Record<string, Handler> {
  return {
    ListMutexGroups: ({ pageToken }) => {
      const page = pages[pageToken];
      if (page === undefined) throw failure(status.INTERNAL, "no such page");
      return page;
    },
  };
}

const page = (nextPageToken: string, ...ids: string[]): object => ({
  nextPageToken,
  mutexGroups: ids.map((id) => ({ id })),
});

async function idsOf(listing: ReturnType<Client["list"]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const group of listing) ids.push(group.id);
  return ids;
}

test("a listing goes on over empty pages until the empty token", async (t) => {
  const fake = await startFake(t, serving({ "": page("b", "1", "2"), b: page("c"), c: page("", "3") }));
  assert.deepEqual(await idsOf(connect(t, { server: fake.address }).list()), ["1", "2", "3"]);
  assert.deepEqual(
    fake.received.map(({ request }) => request.pageSize),
    [1000, 1000, 1000],
  );
});

test("a listing asks for what the request says and leaves it as it is", async (t) => {
  const fake = await startFake(t, serving({ "": page("b"), b: page("") }));
  const request = Object.freeze({ pageSize: 7, showArchived: true, filter: { key: "k" } });
  await idsOf(connect(t, { server: fake.address }).list(request));
  for (const { request: got } of fake.received) {
    assert.equal(got.pageSize, 7);
    assert.equal(got.showArchived, true);
    assert.equal(got.filter.key, "k");
  }
  assert.deepEqual(Object.keys(request), ["pageSize", "showArchived", "filter"]);
});

test("pages are fetched as they are needed", async (t) => {
  const fake = await startFake(t, serving({ "": page("b", "1"), b: page("", "2") }));
  const listing = connect(t, { server: fake.address }).list();
  assert.equal(fake.received.length, 0);
  for await (const _ of listing) break;
  assert.equal(fake.received.length, 1);
});

test("an error ends a listing", async (t) => {
  const fake = await startFake(t, serving({ "": page("gone", "1") }));
  const listing = connect(t, { server: fake.address }).list();
  assert.equal((await listing.next()).value!.id, "1");
  await assert.rejects(listing.next(), MutexGroupsError);
  assert.equal((await listing.next()).done, true);
  assert.equal(fake.received.length, 2);
});

test("a token that repeats is an error", async (t) => {
  const fake = await startFake(t, serving({ "": page("b", "1"), b: page("b", "2") }));
  const listing = connect(t, { server: fake.address }).list();
  assert.equal((await listing.next()).value!.id, "1");
  await assert.rejects(listing.next(), { code: status.INTERNAL, message: /page token/ });
  assert.equal(fake.received.length, 2);
});

test("a signal ends a listing", async (t) => {
  const fake = await startFake(t, serving({ "": page("b", "1"), b: page("", "2") }));
  const controller = new AbortController();
  const listing = connect(t, { server: fake.address }).list({}, { signal: controller.signal });
  await listing.next();
  controller.abort();
  await assert.rejects(listing.next(), { code: status.CANCELLED });
});

test("pages have what could not be read", async (t) => {
  const unreadable = { ...page("", "1"), unreadable: [{ mutexGroupId: "9", reason: "broken" }] };
  const fake = await startFake(t, serving({ "": page("b"), b: unreadable }));
  const found: string[] = [];
  let pages = 0;
  for await (const { unreadable } of connect(t, { server: fake.address }).pages()) {
    pages += 1;
    found.push(...unreadable.map(({ mutexGroupId }) => mutexGroupId));
  }
  assert.equal(pages, 2);
  assert.deepEqual(found, ["9"]);
});
