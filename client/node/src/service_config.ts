import { publishedServiceConfig } from "./gen/service_config.js";

/**
 * The service config that mutexd publishes (reads are retried on UNAVAILABLE and RESOURCE_EXHAUSTED, writes
 * never) without its time-outs: gRPC takes the shorter of the config's and the call's, and would cut off a
 * caller who asked for longer. Every call of Client has a deadline.
 */
export function serviceConfigJson(): string {
  return JSON.stringify(JSON.parse(publishedServiceConfig), (name, value: unknown) =>
    name === "timeout" ? undefined : value,
  );
}
