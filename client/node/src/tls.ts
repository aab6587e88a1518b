import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { type ChannelCredentials, credentials } from "@grpc/grpc-js";

import { OptionError, type Settings } from "./options.js";

/** A file, and the option or the variable that names it. */
export interface NamedFile {
  option: string;
  path: string;
}

/** Reads the files; throws OptionError where one cannot be used. */
export function channelCredentials(tls: Settings["tls"]): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const ca = tls.ca && readCertificate(tls.ca, "authorities to trust");
  const pair = readPair(tls.cert, tls.key);
  return credentials.createSsl(ca ?? null, pair?.key ?? null, pair?.cert ?? null);
}

function readPair(
  certFile: NamedFile | undefined,
  keyFile: NamedFile | undefined,
): { cert: Buffer; key: Buffer } | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) throw halfAPair(certFile, keyFile);
  const cert = readCertificate(certFile, "the certificate to show");
  const key = read(keyFile);
  let belongs: boolean;
  try {
    belongs = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new OptionError(
      keyFile.option,
      `${keyFile.path} has no key that can be read: ${(error as Error).message}; name a PEM file with the ` +
        "certificate's key, not encrypted",
      { cause: error },
    );
  }
  if (!belongs) {
    throw new OptionError(
      keyFile.option,
      `${keyFile.path} is not the key of the certificate in ${certFile.path} (${certFile.option}); name the two that belong together`,
    );
  }
  return { cert, key };
}

function halfAPair(cert: NamedFile | undefined, key: NamedFile | undefined): OptionError {
  const [given, lacks, option, variable] =
    cert === undefined
      ? [key!, "certificate", "tlsCertFile", "MUTEXGROUPS_TLS_CERT_FILE"]
      : [cert, "key", "tlsKeyFile", "MUTEXGROUPS_TLS_KEY_FILE"];
  return new OptionError(
    given.option,
    `${given.path} is given without the ${lacks} that goes with it; give both (${option} or ${variable})`,
  );
}

function readCertificate(file: NamedFile, what: string): Buffer {
  const content = read(file);
  try {
    new X509Certificate(content);
  } catch (error) {
    throw new OptionError(
      file.option,
      `${file.path} has no certificate that can be read; name a PEM file of ${what}`,
      {
        cause: error,
      },
    );
  }
  return content;
}

function read(file: NamedFile): Buffer {
  try {
    return readFileSync(file.path);
  } catch (error) {
    throw new OptionError(
      file.option,
      `cannot read ${file.path}: ${(error as Error).message}; name a PEM file that this process may read`,
      { cause: error },
    );
  }
}
