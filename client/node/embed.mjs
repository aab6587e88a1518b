// Puts into the package what lies elsewhere in the repository: the published service config, unchanged, and
// the license.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const repository = new URL("../../", import.meta.url);
const config = readFileSync(new URL("proto/mutexgroups/v1/service_config.json", repository), "utf8");
writeFileSync(
  new URL("src/gen/service_config.ts", import.meta.url),
  `export const publishedServiceConfig = ${JSON.stringify(config)};\n`,
);
copyFileSync(new URL("LICENSE", repository), new URL("LICENSE", import.meta.url));
