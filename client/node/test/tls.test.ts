import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";

import { ServerCredentials } from "@grpc/grpc-js";
import { type ClientOptions, OptionError, status } from "mutexgroups";

import { connect, FakeService, startFake } from "./fake_service.js";

// Certificates of an authority that nobody trusts unless told to.
const folder = mkdtempSync(join(tmpdir(), "mutexgroups-"));
const path = (name: string): string => join(folder, name);
const openssl = (...args: string[]): unknown => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function issue(name: string): void {
  writeFileSync(path(`${name}.ext`), `subjectAltName=DNS:${name}`);
  openssl("req", ...newKey, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
  const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-extfile", `${name}.ext`, "-out", `${name}.pem`);
}

before(() => {
  openssl("req", "-x509", ...newKey, "-subj", "/CN=ca", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem");
  issue("gateway.test");
  issue("caller");
});

/** Serves as gateway.test, to callers whose certificates the authority signed. */
async function startTls(t: TestContext): Promise<FakeService> {
  const pair = {
    private_key: readFileSync(path("gateway.test.key")),
    cert_chain: readFileSync(path("gateway.test.pem")),
  };
  const fake = new FakeService({});
  await fake.start(t, "127.0.0.1:0", ServerCredentials.createSsl(readFileSync(path("ca.pem")), [pair], true));
  return fake;
}

test("mutual TLS works by the files of the environment", async (t) => {
  const fake = await startTls(t);
  const environment = {
    MUTEXGROUPS_SERVER: fake.address,
    MUTEXGROUPS_TLS_CA_FILE: path("ca.pem"),
    MUTEXGROUPS_TLS_CERT_FILE: path("caller.pem"),
    MUTEXGROUPS_TLS_KEY_FILE: path("caller.key"),
    MUTEXGROUPS_TLS_SERVER_NAME: "gateway.test",
  };
  await connect(t, { environment }).get({});
  assert.equal(fake.received.length, 1);
});

test("TLS refuses whom it does not know", async (t) => {
  const fake = await startTls(t);
  const pair = { tlsCertFile: path("caller.pem"), tlsKeyFile: path("caller.key") };
  const refused: Record<string, ClientOptions> = {
    "an unknown authority": { ...pair, tlsServerName: "gateway.test" },
    "another server name": { ...pair, tlsCaFile: path("ca.pem"), tlsServerName: "other.test" },
    "no certificate": { tlsCaFile: path("ca.pem"), tlsServerName: "gateway.test" },
    "plain text": {},
  };
  for (const [name, options] of Object.entries(refused)) {
    const client = connect(t, { server: fake.address, ...options });
    await assert.rejects(client.checkHealth(), { code: status.UNAVAILABLE }, name);
  }
  assert.equal(fake.received.length, 0);
});

test("a key of another certificate is told at once", () => {
  const options = { tlsCertFile: path("caller.pem"), tlsKeyFile: path("gateway.test.key"), environment: {} };
  assert.throws(
    () => connect({ after() {} } as unknown as TestContext, options),
    (error) =>
      error instanceof OptionError &&
      error.option === "tlsKeyFile" &&
      error.message.includes("belong together"),
  );
});

test("TLS that is off reads no files", async (t) => {
  const fake = await startFake(t);
  const environment = { MUTEXGROUPS_TLS: "off", MUTEXGROUPS_TLS_CA_FILE: "/none.pem" };
  await connect(t, { server: fake.address, environment }).get({});
});
