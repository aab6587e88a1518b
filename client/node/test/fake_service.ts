// A service in this process, which answers as a test says and keeps what it was asked.
import type { TestContext } from "node:test";

import { type DescMethod, type DescMethodUnary, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { Client, type ClientOptions, create, MutexGroupService } from "mutexgroups";

import { Health } from "../dist/gen/health/v1/health_pb.js";

export interface Received {
  method: string;
  request: any;
  metadata: Metadata;
  leftMs: number; // until the deadline
}

/** What a method answers: a response, or an error thrown. May wait. */
export type Handler = (request: any, received: Received) => unknown;

export interface Failure {
  code: status;
  details: string;
  metadata?: Metadata;
}

export class FakeService {
  readonly received: Received[] = [];
  readonly #server = new Server();
  address = "";

  constructor(handlers: Record<string, Handler>) {
    for (const service of [MutexGroupService, Health]) {
      const methods = service.methods.filter(isUnary);
      this.#server.addService(
        Object.fromEntries(methods.map((method) => [method.name, definition(method)])) as ServiceDefinition,
        Object.fromEntries(methods.map((method) => [method.name, this.#handle(method, handlers)])),
      );
    }
  }

  async start(t: TestContext, at = "127.0.0.1:0", credentials = ServerCredentials.createInsecure()) {
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(at, credentials, (error, port) => (error ? reject(error) : resolve(port))),
    );
    this.address = at.startsWith("unix:") ? at : `127.0.0.1:${port}`;
    t.after(() => this.#server.forceShutdown());
  }

  #handle(method: DescMethodUnary, handlers: Record<string, Handler>): UntypedHandleCall {
    return async (call: any, callback: any) => {
      const received: Received = {
        method: method.name,
        request: call.request,
        metadata: call.metadata,
        leftMs: Number(call.getDeadline()) - Date.now(),
      };
      this.received.push(received);
      try {
        const answer = await (handlers[method.name] ?? (() => ({})))(call.request, received);
        callback(null, create(method.output, answer as any));
      } catch (error) {
        callback(error);
      }
    };
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function definition(method: DescMethodUnary) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: any) => Buffer.from(toBinary(method.input, value)),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (value: any) => Buffer.from(toBinary(method.output, value)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

export async function startFake(
  t: TestContext,
  handlers: Record<string, Handler> = {},
): Promise<FakeService> {
  const fake = new FakeService(handlers);
  await fake.start(t);
  return fake;
}

/** A client that knows no environment but what the options say. */
export function connect(t: TestContext, options: ClientOptions): Client {
  const client = new Client({ environment: {}, ...options });
  t.after(() => client.close());
  return client;
}

export function failure(code: status, details = "no", metadata?: Metadata): Failure {
  return { code, details, ...(metadata && { metadata }) };
}
