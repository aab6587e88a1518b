// What the package is to its users, and the facts that it repeats.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";

import { publishedServiceConfig } from "../dist/gen/service_config.js";
import { serviceConfigJson } from "../dist/service_config.js";

const here = join(__dirname, "..");
const read = (path: string): string => readFileSync(join(here, path), "utf8");

test("the service config is the published one", () => {
  assert.equal(publishedServiceConfig, read("../../proto/mutexgroups/v1/service_config.json"));
});

test("only the addresses of a name are balanced over", () => {
  for (const server of ["dns:///mutexd.example:50051", "dns://127.0.0.1:53/mutexd.example:50051"]) {
    assert.match(serviceConfigJson(server), /round_robin/);
  }
  for (const server of ["mutexd.example:50051", "unix:/run/mutexd.sock"]) {
    assert.doesNotMatch(serviceConfigJson(server), /round_robin/);
  }
});

test("import and require give the same client", async () => {
  const required = createRequire(join(here, "package.json"))("mutexgroups");
  const program = 'import * as all from "mutexgroups"; console.log(Object.keys(all).join())';
  const imported = await promisify(execFile)("node", ["--input-type=module", "-e", program], { cwd: here });
  const names = imported.stdout.trim().split(",");
  for (const name of ["Client", "MutexGroupsError", "OptionError", "ErrorReason", "status", "toJson"]) {
    assert(names.includes(name), `import does not have ${name}`);
    assert(name in required, `require does not have ${name}`);
  }
});

test("the README's quick start is the example", () => {
  assert(read("README.md").includes("```js\n" + read("examples/quickstart.mjs") + "```\n"));
});

const folder = process.env["MUTEXD_BIN_DIR"];
const skip = folder === undefined && "MUTEXD_BIN_DIR does not say where mutexd is";
test("the quick start runs against a sandbox", { skip }, async (t) => {
  const address = await startSandbox(t, join(folder!, "mutexd"));
  const { stdout } = await promisify(execFile)("node", ["examples/quickstart.mjs"], {
    cwd: here,
    env: { PATH: process.env["PATH"], MUTEXGROUPS_SERVER: address },
  });
  const shown = /```text\n(.+?)\.\.\.\n```/s.exec(read("README.md"))?.[1];
  assert(shown !== undefined && stdout.startsWith(shown), stdout);
});

/** Starts a mutexd that lasts as long as the test, and returns its address. */
async function startSandbox(t: TestContext, program: string): Promise<string> {
  const flags = ["--sandbox", "--listen", "127.0.0.1:0", "--management", "off", "--log-format", "json"];
  const mutexd = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => mutexd.kill("SIGKILL"));
  // The pipe is read to its end, so that it never fills up.
  const lines = createInterface(mutexd.stderr);
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === "listening" && entry.listener === "grpc") resolve(entry.address);
    });
    lines.on("close", () => reject(new Error("mutexd ended before it listened")));
    mutexd.on("error", reject);
  });
}
