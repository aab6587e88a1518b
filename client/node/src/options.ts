import { addressProblem, DEFAULT_SERVER, isLocal } from "./address.js";
import type { NamedFile } from "./tls.js";

const DEFAULT_TIMEOUT_MS = 30_000;

// The service cuts pages at 3.5 MiB unless its operator raised --max-reply-bytes.
const DEFAULT_MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

/** How to reach the service. What is left out comes from the environment, and then from the defaults. */
export interface ClientOptions {
  /**
   * `host:port`, `[::1]:50051`, `unix:/run/mutexd.sock` or `dns:///host:port`. MUTEXGROUPS_SERVER;
   * 127.0.0.1:50051.
   */
  server?: string | undefined;

  /** Whether to use TLS. MUTEXGROUPS_TLS (`on` or `off`); on where one of the files below is given. */
  tls?: boolean | undefined;

  /** PEM file of the authorities to trust in place of Node's. MUTEXGROUPS_TLS_CA_FILE. */
  tlsCaFile?: string | undefined;

  /** PEM file of the certificate to show, for mutual TLS. MUTEXGROUPS_TLS_CERT_FILE. */
  tlsCertFile?: string | undefined;

  /** PEM file of the certificate's key. MUTEXGROUPS_TLS_KEY_FILE. */
  tlsKeyFile?: string | undefined;

  /**
   * The name expected in the service's certificate, where it is not the host of the address.
   * MUTEXGROUPS_TLS_SERVER_NAME.
   */
  tlsServerName?: string | undefined;

  /** Bounds each call in milliseconds, its retries included; each page of a listing is a call. 30,000. */
  timeoutMs?: number | undefined;

  /** The largest message that is taken. 64 MiB. */
  maxReceiveBytes?: number | undefined;

  /**
   * The caller's own management key, for a service that runs with `--credentials caller`. Never taken from
   * the environment, and refused where it would cross a network in plain text.
   */
  amplitudeKey?: string | undefined;

  /** Where the variables are looked up, in place of `process.env`. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** An option, an environment variable or a file that it names cannot be used. */
export class OptionError extends Error {
  override readonly name = "OptionError";

  constructor(
    /** What cannot be used, such as `server` or `MUTEXGROUPS_TLS_CA_FILE`. */
    readonly option: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${option}: ${problem}`, options);
  }
}

/** Options that were checked. */
export interface Settings {
  server: string;
  tls?: { ca?: NamedFile; cert?: NamedFile; key?: NamedFile; serverName: string };
  timeoutMs: number;
  maxReceiveBytes: number;
  amplitudeKey?: string;
}

/** Throws OptionError where an option or a variable is not usable. Reads no files. */
export function settingsFrom(options: ClientOptions): Settings {
  const environment = options.environment ?? process.env;
  const variable = (name: string): string | undefined => environment[name] || undefined;
  const file = (option: "tlsCaFile" | "tlsCertFile" | "tlsKeyFile", name: string): NamedFile | undefined => {
    const path = options[option];
    if (path !== undefined) return { option, path };
    const named = variable(name);
    return named === undefined ? undefined : { option: name, path: named };
  };

  const server = options.server ?? variable("MUTEXGROUPS_SERVER") ?? DEFAULT_SERVER;
  const problem = addressProblem(server);
  if (problem !== undefined) {
    throw new OptionError(options.server === undefined ? "MUTEXGROUPS_SERVER" : "server", problem);
  }
  const ca = file("tlsCaFile", "MUTEXGROUPS_TLS_CA_FILE");
  const cert = file("tlsCertFile", "MUTEXGROUPS_TLS_CERT_FILE");
  const key = file("tlsKeyFile", "MUTEXGROUPS_TLS_KEY_FILE");
  const secure =
    options.tls ?? isOn(variable("MUTEXGROUPS_TLS")) ?? [ca, cert, key].some((one) => one !== undefined);
  if (options.amplitudeKey !== undefined) checkAmplitudeKey(options.amplitudeKey, secure || isLocal(server));
  const maxReceiveBytes = options.maxReceiveBytes ?? DEFAULT_MAX_RECEIVE_BYTES;
  if (!Number.isInteger(maxReceiveBytes) || maxReceiveBytes < 1) {
    throw new OptionError("maxReceiveBytes", `must be a whole number over zero, and is ${maxReceiveBytes}`);
  }
  return {
    server,
    ...(secure && {
      tls: {
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(key && { key }),
        serverName: options.tlsServerName ?? variable("MUTEXGROUPS_TLS_SERVER_NAME") ?? "",
      },
    }),
    timeoutMs: checkTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    maxReceiveBytes,
    ...(options.amplitudeKey !== undefined && { amplitudeKey: options.amplitudeKey }),
  };
}

export function checkTimeout(timeoutMs: number): number {
  if (Number.isFinite(timeoutMs) && timeoutMs > 0) return timeoutMs;
  throw new OptionError("timeoutMs", `must be a number of milliseconds over zero, and is ${timeoutMs}`);
}

function isOn(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === "on" || text === "off") return text === "on";
  throw new OptionError("MUTEXGROUPS_TLS", `must be on or off, and is "${text}"`);
}

// The key itself is never part of a message.
function checkAmplitudeKey(key: string, isProtected: boolean): void {
  if (!/^[!-~]+$/.test(key)) {
    throw new OptionError(
      "amplitudeKey",
      "must be a management key, of printable ASCII characters without spaces; is there a line break at its end?",
    );
  }
  if (!isProtected) {
    throw new OptionError(
      "amplitudeKey",
      "would cross the network in plain text; turn on TLS (tls or MUTEXGROUPS_TLS), or connect to a unix " +
        "socket or the loopback",
    );
  }
}
