import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Client as GrpcClient, Metadata, type ServiceError, status } from "@grpc/grpc-js";

import { isLocal } from "./address.js";
import { errorFrom, MutexGroupsError } from "./error.js";
import { checkTimeout, OptionError, type Settings } from "./options.js";
import { serviceConfigJson } from "./service_config.js";
import { channelCredentials } from "./tls.js";

// A service behind a load balancer or NAT that forgets idle connections is noticed within these.
const KEEPALIVE_TIME_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** What changes one call. */
export interface CallOptions {
  /** In place of the client's time-out. */
  timeoutMs?: number | undefined;

  /**
   * Sent as the metadata `x-request-id`, to find the call in the service's logs; the service makes one for a
   * call without.
   */
  correlationId?: string | undefined;

  /** Ends the call, which then fails with CANCELLED and the signal's reason as its cause. */
  signal?: AbortSignal | undefined;
}

/** Makes unary calls over one connection. */
export class Channel {
  readonly #grpc: GrpcClient;
  readonly #timeoutMs: number;
  readonly #amplitudeKey: string | undefined;
  #closed = false;

  constructor(settings: Settings) {
    const serverName = settings.tls?.serverName;
    this.#grpc = new GrpcClient(settings.server, channelCredentials(settings.tls), {
      "grpc.service_config": serviceConfigJson(settings.server),
      // A config in DNS would take the place of the published one.
      "grpc.service_config_disable_resolution": 1,
      "grpc.max_receive_message_length": settings.maxReceiveBytes,
      "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
      "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
      // gRPC would send even loopback traffic through the proxy that the environment names.
      "grpc.enable_http_proxy": isLocal(settings.server) ? 0 : 1,
      ...(serverName && {
        "grpc.ssl_target_name_override": serverName,
        "grpc.default_authority": serverName,
      }),
    });
    this.#timeoutMs = settings.timeoutMs;
    this.#amplitudeKey = settings.amplitudeKey;
  }

  close(): void {
    this.#closed = true;
    this.#grpc.close();
  }

  async call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    options: CallOptions,
  ): Promise<MessageShape<Output>> {
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    if (this.#closed) throw new MutexGroupsError(status.CANCELLED, "the client is closed");
    const metadata = this.#metadata(options);
    const deadline = Date.now() + checkTimeout(options.timeoutMs ?? this.#timeoutMs);
    const message = create(method.input, request);
    return new Promise((resolve, reject) => {
      const call = this.#grpc.makeUnaryRequest<MessageShape<Input>, MessageShape<Output>>(
        `/${method.parent.typeName}/${method.name}`,
        (input) => Buffer.from(toBinary(method.input, input)),
        (bytes) => fromBinary(method.output, bytes),
        message,
        metadata,
        { deadline },
        (error, response) => {
          signal?.removeEventListener("abort", cancel);
          if (error === null) resolve(response!);
          else reject(signal?.aborted ? aborted(signal) : fromServiceError(error));
        },
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener("abort", cancel);
    });
  }

  #metadata(options: CallOptions): Metadata {
    const metadata = new Metadata();
    if (this.#amplitudeKey !== undefined) metadata.set("x-amplitude-management-key", this.#amplitudeKey);
    if (options.correlationId) {
      try {
        metadata.set("x-request-id", options.correlationId);
      } catch (cause) {
        throw new OptionError("correlationId", "must be of printable ASCII characters", { cause });
      }
    }
    return metadata;
  }
}

function fromServiceError(error: ServiceError): MutexGroupsError {
  return errorFrom(error.code, error.details, error.metadata, error);
}

function aborted(signal: AbortSignal): MutexGroupsError {
  return new MutexGroupsError(status.CANCELLED, "the call was aborted", { cause: signal.reason });
}
