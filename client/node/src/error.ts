import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type Any, anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type Metadata, status } from "@grpc/grpc-js";

import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./gen/google/rpc/status_pb.js";
import { ErrorReason } from "./gen/mutexgroups/v1/errors_pb.js";

const DOMAIN = "mutexgroups";

/** One thing that is wrong with a request. */
export interface FieldViolation {
  /** Counts from zero, such as `mutex_group.slots[2].percentage`. */
  field: string;
  /** What is wrong and how to mend it. */
  description: string;
}

/** A budget that is spent. */
export interface QuotaViolation {
  subject: string;
  description: string;
}

/** What a call was about. */
export interface Resource {
  /** Such as `mutexgroups.v1.MutexGroup`. */
  type: string;
  name: string;
  description: string;
}

/** A call failed. `cause` is the error of gRPC, or the reason of the signal that aborted it. */
export class MutexGroupsError extends Error {
  override readonly name = "MutexGroupsError";

  /** The code's name, such as `NOT_FOUND`. */
  readonly codeName: string;

  /**
   * Unspecified where gRPC itself made the status (no connection, an unknown method), and where the service
   * is newer than this package: then `reasonName` still has the name.
   */
  reason: ErrorReason = ErrorReason.UNSPECIFIED;

  /** The reason's name, such as `ETAG_MISMATCH`; empty for statuses of gRPC itself. */
  reasonName = "";

  /**
   * All of google.rpc.ErrorInfo's metadata, such as `current_etag` or `write_sent`. A failed create has
   * `request_id`, with which it can be repeated.
   */
  metadata: Record<string, string> = {};

  /** What Amplitude answered, where it answered. */
  httpStatus: number | undefined;

  violations: FieldViolation[] = [];
  quotaViolations: QuotaViolation[] = [];

  /** When to come back, where the service says. */
  retryDelayMs: number | undefined;

  /** Names the call in the service's logs. */
  requestId = "";

  resource: Resource | undefined;

  constructor(
    /** gRPC's, such as `status.NOT_FOUND`. */
    readonly code: status,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.codeName = status[code] ?? `CODE_${code}`;
  }
}

/** Reads a status that is not OK; `trailer` is what came with it. */
export function errorFrom(
  code: status,
  message: string,
  trailer: Metadata,
  cause?: unknown,
): MutexGroupsError {
  const error = new MutexGroupsError(code, message, { cause });
  error.requestId = trailer.get("x-request-id")[0]?.toString() ?? "";
  for (const detail of detailsOf(trailer)) readDetail(detail, error);
  return error;
}

// Details that cannot be read leave the error without them.
function detailsOf(trailer: Metadata): Any[] {
  const binary = trailer.get("grpc-status-details-bin")[0];
  if (!Buffer.isBuffer(binary)) return [];
  try {
    return fromBinary(StatusSchema, binary).details;
  } catch {
    return [];
  }
}

function unpack<Desc extends DescMessage>(detail: Any, schema: Desc): MessageShape<Desc> | undefined {
  try {
    return anyUnpack(detail, schema);
  } catch {
    return undefined;
  }
}

function readDetail(detail: Any, error: MutexGroupsError): void {
  const info = unpack(detail, ErrorInfoSchema);
  if (info?.domain === DOMAIN) {
    const reasons: Record<string, string | ErrorReason> = ErrorReason;
    const reason = reasons[info.reason];
    error.reasonName = info.reason;
    if (typeof reason === "number") error.reason = reason;
    Object.assign(error.metadata, info.metadata);
    if (/^\d+$/.test(info.metadata["http_status"] ?? "")) {
      error.httpStatus = Number(info.metadata["http_status"]);
    }
  }
  const badRequest = unpack(detail, BadRequestSchema);
  for (const { field, description } of badRequest?.fieldViolations ?? []) {
    error.violations.push({ field, description });
  }
  const quota = unpack(detail, QuotaFailureSchema);
  for (const { subject, description } of quota?.violations ?? []) {
    error.quotaViolations.push({ subject, description });
  }
  const retry = unpack(detail, RetryInfoSchema);
  if (retry !== undefined) error.retryDelayMs = retry.retryDelay ? durationMs(retry.retryDelay) : 0;
  const resource = unpack(detail, ResourceInfoSchema);
  if (resource !== undefined) {
    error.resource = {
      type: resource.resourceType,
      name: resource.resourceName,
      description: resource.description,
    };
  }
  const request = unpack(detail, RequestInfoSchema);
  if (request !== undefined) error.requestId = request.requestId;
}
