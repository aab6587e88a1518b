/**
 * A client of mutexd, the gRPC gateway in front of the mutual-exclusion groups of Amplitude Experiment.
 *
 *     const client = new Client(); // the service that MUTEXGROUPS_SERVER names, or 127.0.0.1:50051
 *     for await (const group of client.list()) console.log(group.id, group.name);
 *
 * @packageDocumentation
 */
export type { CallOptions } from "./channel.js";
export { Client } from "./client.js";
export { type FieldViolation, MutexGroupsError, type QuotaViolation, type Resource } from "./error.js";
export { type ClientOptions, OptionError } from "./options.js";

// The messages and enums of the API.
export * from "./gen/mutexgroups/v1/errors_pb.js";
export * from "./gen/mutexgroups/v1/mutex_group_pb.js";
export * from "./gen/mutexgroups/v1/mutex_group_service_pb.js";
export {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from "./gen/health/v1/health_pb.js";

// What working with them takes, of the same copies that this package uses.
export { create, fromJson, toJson } from "@bufbuild/protobuf";
export { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
export { status } from "@grpc/grpc-js";
