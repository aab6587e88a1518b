// Makes the conformance suite's calls with the Node client: a line of JSON in, a line out.
import { createInterface } from "node:readline";

import * as mutexgroups from "mutexgroups";

const { Client, fromJson, MutexGroupsError, OptionError, toJson } = mutexgroups;

const METHODS = {
  GetMutexGroup: "get",
  BatchGetMutexGroups: "batchGet",
  CreateMutexGroup: "create",
  UpdateMutexGroup: "update",
  UpdateSlot: "updateSlot",
  AddSlotMembers: "addSlotMembers",
  RemoveSlotMembers: "removeSlotMembers",
  MoveSlotMembers: "moveSlotMembers",
  ArchiveMutexGroup: "archive",
  UnarchiveMutexGroup: "unarchive",
};

const messageJson = (schema, message) => toJson(schema, message, { useProtoFieldName: true });

function errorJson(error) {
  return {
    code: error.codeName,
    reason: error.reasonName,
    message: error.message,
    metadata: error.metadata,
    http_status: error.httpStatus ?? null,
    violations: error.violations,
    quota_violations: error.quotaViolations,
    resource: error.resource ?? null,
    retry_delay_ms: error.retryDelayMs ?? null,
    request_id: error.requestId,
  };
}

function failed(error) {
  if (error instanceof OptionError) {
    return { error: { code: "INVALID_OPTION", message: error.message } };
  }
  if (error instanceof MutexGroupsError) return { error: errorJson(error) };
  throw error;
}

function newClient({ server, tls, amplitude_key, environment }) {
  if (environment) return new Client({ environment });
  return new Client({
    server,
    amplitudeKey: amplitude_key,
    ...(tls && {
      tls: true,
      tlsCaFile: tls.ca_file,
      tlsCertFile: tls.cert_file,
      tlsKeyFile: tls.key_file,
      tlsServerName: tls.server_name,
    }),
  });
}

async function listAll(client, request, options) {
  const groups = [];
  try {
    for await (const group of client.list(request, options)) {
      groups.push(messageJson(mutexgroups.MutexGroupSchema, group));
    }
  } catch (error) {
    return { ...failed(error), mutex_groups_before: groups.length };
  }
  return { response: { mutex_groups: groups } };
}

async function pages(client, request, options) {
  const all = [];
  for await (const page of client.pages(request, options)) {
    all.push(messageJson(mutexgroups.ListMutexGroupsResponseSchema, page));
  }
  return { response: { pages: all } };
}

async function call(client, question) {
  const options = { timeoutMs: question.timeout_ms, correlationId: question.correlation_id };
  if (question.call === "CheckHealth") {
    const response = await client.checkHealth(question.request, options);
    return { response: messageJson(mutexgroups.HealthCheckResponseSchema, response) };
  }
  const isListing = question.call === "ListAll" || question.call === "Pages";
  const rpc = isListing ? "ListMutexGroups" : question.call;
  const request = fromJson(mutexgroups[`${rpc}RequestSchema`], question.request);
  if (question.call === "ListAll") return listAll(client, request, options);
  if (question.call === "Pages") return pages(client, request, options);
  const response = await client[METHODS[rpc]](request, options);
  return { response: messageJson(mutexgroups[`${rpc}ResponseSchema`], response) };
}

const clients = new Map();

function closeClients() {
  for (const client of clients.values()) client.close();
  clients.clear();
}

async function answerTo(question) {
  if (question.close_clients) {
    closeClients();
    return {};
  }
  try {
    const key = JSON.stringify(question.connect);
    if (!clients.has(key)) clients.set(key, newClient(question.connect));
    return await call(clients.get(key), question);
  } catch (error) {
    return failed(error);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answerTo(JSON.parse(line))));
}
closeClients();
