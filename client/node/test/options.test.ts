import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, type ClientOptions, OptionError } from "mutexgroups";

import { connect, startFake } from "./fake_service.js";

function refused(options: ClientOptions): OptionError {
  try {
    new Client({ environment: {}, ...options }).close();
  } catch (error) {
    assert(error instanceof OptionError);
    return error;
  }
  assert.fail(`${inspect(options)} was taken`);
}

test("addresses that can be dialled are taken", (t) => {
  for (const server of [
    "127.0.0.1:50051",
    "[::1]:50051",
    "localhost:1",
    "gateway.example.com:65535",
    "unix:/run/mutexd.sock",
    "dns:///gateway:50051",
    "ipv4:127.0.0.1:50051",
    "ipv6:[::1]:50051",
  ]) {
    connect(t, { server });
  }
});

test("addresses that cannot be dialled are told with what is wrong", () => {
  for (const [server, problem] of [
    ["", "empty"],
    ["unix:", "path is missing"],
    ["http://gateway:50051", "URL"],
    ["gateway", "port is missing"],
    ["[::1]", "port is missing"],
    ["gateway:http", "not a number"],
    ["gateway:", "not a number"],
    ["gateway:0", "not a number"],
    ["gateway:65536", "not a number"],
    [":50051", "host is missing"],
    ["::1:50051", "brackets"],
  ] as const) {
    const error = refused({ server });
    assert.equal(error.option, "server");
    assert(error.message.includes(problem), `${error.message} does not say ${problem}`);
    assert(error.message.includes("host:port"));
  }
});

test("the environment names the server, and an explicit option wins over it", async (t) => {
  const fake = await startFake(t);
  await connect(t, { environment: { MUTEXGROUPS_SERVER: fake.address } }).get({});
  const environment = { MUTEXGROUPS_SERVER: "nowhere", MUTEXGROUPS_TLS: "on" };
  await connect(t, { server: fake.address, tls: false, environment }).get({});
  assert.equal(fake.received.length, 2);
});

test("the environment of the process is read, also after a client was made", (t) => {
  connect(t, {});
  process.env["MUTEXGROUPS_SERVER"] = "nowhere";
  t.after(() => delete process.env["MUTEXGROUPS_SERVER"]);
  assert.throws(() => new Client(), { name: "OptionError", option: "MUTEXGROUPS_SERVER" });
});

test("a variable that is empty counts as not set", (t) => {
  connect(t, {
    environment: { MUTEXGROUPS_SERVER: "", MUTEXGROUPS_TLS: "", MUTEXGROUPS_TLS_CA_FILE: "" },
    amplitudeKey: "ampex_secret",
  });
});

test("a bad option names itself, the file and the fix", () => {
  const empty = join(mkdtempSync(join(tmpdir(), "mutexgroups-")), "empty.pem");
  writeFileSync(empty, "nothing\n");
  const cases: [ClientOptions, string, string[]][] = [
    [{ timeoutMs: 0 }, "timeoutMs", ["over zero"]],
    [{ timeoutMs: Infinity }, "timeoutMs", ["over zero"]],
    [{ maxReceiveBytes: -1 }, "maxReceiveBytes", ["over zero"]],
    [{ tlsCaFile: "/none.pem" }, "tlsCaFile", ["/none.pem", "PEM file"]],
    [{ tlsCaFile: empty }, "tlsCaFile", [empty, "no certificate"]],
    [{ tlsCertFile: empty, tlsKeyFile: empty }, "tlsCertFile", [empty, "no certificate"]],
    [{ tlsCertFile: "a.pem" }, "tlsCertFile", ["a.pem", "key", "tlsKeyFile or MUTEXGROUPS_TLS_KEY_FILE"]],
    [{ environment: { MUTEXGROUPS_TLS: "yes" } }, "MUTEXGROUPS_TLS", ["on or off", '"yes"']],
    [
      { environment: { MUTEXGROUPS_TLS_CA_FILE: "/none.pem" } },
      "MUTEXGROUPS_TLS_CA_FILE",
      ["/none.pem", "PEM file"],
    ],
    [
      { environment: { MUTEXGROUPS_TLS_KEY_FILE: "a.key" } },
      "MUTEXGROUPS_TLS_KEY_FILE",
      ["a.key", "certificate", "MUTEXGROUPS_TLS_CERT_FILE"],
    ],
  ];
  for (const [options, option, wants] of cases) {
    const error = refused(options);
    assert.equal(error.option, option);
    for (const want of [option, ...wants]) {
      assert(error.message.includes(want), `${error.message} does not say ${want}`);
    }
  }
});

test("an Amplitude key goes with each call and is not shown", async (t) => {
  const fake = await startFake(t);
  const client = connect(t, { server: fake.address, amplitudeKey: "ampex_secret" });
  await client.get({});
  assert.deepEqual(fake.received[0]!.metadata.get("x-amplitude-management-key"), ["ampex_secret"]);
  assert(!inspect(client, { depth: null, showHidden: true }).includes("ampex_secret"));
  assert(!JSON.stringify(client).includes("ampex_secret"));
});

test("an Amplitude key never comes from the environment", async (t) => {
  const fake = await startFake(t);
  const environment = { AMPLITUDE_MANAGEMENT_KEY: "ampex_secret", MUTEXGROUPS_AMPLITUDE_KEY: "ampex_secret" };
  await connect(t, { server: fake.address, environment }).get({});
  assert.deepEqual(fake.received[0]!.metadata.get("x-amplitude-management-key"), []);
});

test("an Amplitude key never crosses the network in plain text", (t) => {
  const amplitudeKey = "ampex_secret";
  for (const server of [
    "127.8.9.10:50051",
    "localhost:50051",
    "[::1]:50051",
    "[0:0:0:0:0:0:0:1]:50051",
    "unix:/run/mutexd.sock",
    "dns:///localhost:50051",
    "ipv4:127.0.0.1:50051",
  ]) {
    connect(t, { server, amplitudeKey });
  }
  connect(t, { server: "gateway:50051", tls: true, amplitudeKey });
  for (const server of [
    "gateway:50051",
    "127.evil.example:50051",
    "dns://127.0.0.1/gateway:50051",
    "[::2]:50051",
    "unix.example:50051",
  ]) {
    const error = refused({ server, amplitudeKey });
    assert.equal(error.option, "amplitudeKey");
    assert(error.message.includes("turn on TLS"));
  }
});

test("an Amplitude key that is none is refused and not shown", () => {
  for (const amplitudeKey of ["", "ampex secret", "ampex_secret\n", "ampex_sécret"]) {
    const error = refused({ amplitudeKey });
    assert.equal(error.option, "amplitudeKey");
    assert(amplitudeKey === "" || !error.message.includes(amplitudeKey));
  }
});
