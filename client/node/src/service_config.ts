import { publishedServiceConfig } from "./gen/service_config.js";

/**
 * The service config that mutexd publishes (reads are retried on UNAVAILABLE and RESOURCE_EXHAUSTED, writes
 * never) for a channel to the server. It is without its time-outs: gRPC takes the shorter of the config's and the
 * call's, and would cut off a caller who asked for longer. Every call of Client has a deadline. And it is without
 * round robin unless the server is given as a name (`dns:…`): that connects again and again, ever more seldom,
 * while a server is away, and fails calls between two attempts, where a channel of one address is idle and connects
 * when it is called.
 */
export function serviceConfigJson(server: string): string {
  const left = server.startsWith("dns:") ? ["timeout"] : ["timeout", "loadBalancingConfig"];
  return JSON.stringify(JSON.parse(publishedServiceConfig), (name, value: unknown) =>
    left.includes(name) ? undefined : value,
  );
}
