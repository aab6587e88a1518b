import { randomUUID } from "node:crypto";

import type { MessageInitShape } from "@bufbuild/protobuf";

import { type CallOptions, Channel } from "./channel.js";
import { MutexGroupsError } from "./error.js";
import {
  Health,
  type HealthCheckRequestSchema,
  type HealthCheckResponse,
} from "./gen/health/v1/health_pb.js";
import type { MutexGroup } from "./gen/mutexgroups/v1/mutex_group_pb.js";
import {
  type AddSlotMembersRequestSchema,
  type AddSlotMembersResponse,
  type ArchiveMutexGroupRequestSchema,
  type ArchiveMutexGroupResponse,
  type BatchGetMutexGroupsRequestSchema,
  type BatchGetMutexGroupsResponse,
  type CreateMutexGroupRequestSchema,
  type CreateMutexGroupResponse,
  type GetMutexGroupRequestSchema,
  type GetMutexGroupResponse,
  type ListMutexGroupsRequestSchema,
  type ListMutexGroupsResponse,
  type MoveSlotMembersRequestSchema,
  type MoveSlotMembersResponse,
  MutexGroupService,
  type RemoveSlotMembersRequestSchema,
  type RemoveSlotMembersResponse,
  type UnarchiveMutexGroupRequestSchema,
  type UnarchiveMutexGroupResponse,
  type UpdateMutexGroupRequestSchema,
  type UpdateMutexGroupResponse,
  type UpdateSlotRequestSchema,
  type UpdateSlotResponse,
} from "./gen/mutexgroups/v1/mutex_group_service_pb.js";
import { type ClientOptions, settingsFrom } from "./options.js";
import { pagesOf } from "./pages.js";

const rpcs = MutexGroupService.method;

/**
 * Calls one service over one connection, which the first call makes; make one and share it.
 *
 * Every call has a deadline, reads are retried by the service config that mutexd publishes, and what fails
 * rejects with a MutexGroupsError.
 */
export class Client {
  readonly #channel: Channel;

  /** Throws OptionError where an option, a variable or a file cannot be used. Does not connect yet. */
  constructor(options: ClientOptions = {}) {
    this.#channel = new Channel(settingsFrom(options));
  }

  /** Ends the connection once the calls under way are done; later ones fail. */
  close(): void {
    this.#channel.close();
  }

  /**
   * Goes over all groups, page by page as they are needed. Groups that the service could not read are left
   * out: `pages` has them.
   */
  async *list(
    request: MessageInitShape<typeof ListMutexGroupsRequestSchema> = {},
    options: CallOptions = {},
  ): AsyncGenerator<MutexGroup, void, undefined> {
    for await (const page of this.pages(request, options)) yield* page.mutexGroups;
  }

  /** Goes over the pages of a listing. A page can be empty and still have a successor. */
  pages(
    request: MessageInitShape<typeof ListMutexGroupsRequestSchema> = {},
    options: CallOptions = {},
  ): AsyncGenerator<ListMutexGroupsResponse, void, undefined> {
    return pagesOf(request, (page) => this.#channel.call(rpcs.listMutexGroups, page, options));
  }

  /** Reads one group by its id, or by its key at the cost of a scan. */
  get(
    request: MessageInitShape<typeof GetMutexGroupRequestSchema>,
    options: CallOptions = {},
  ): Promise<GetMutexGroupResponse> {
    return this.#channel.call(rpcs.getMutexGroup, request, options);
  }

  /** Reads 1 to 100 groups by their ids: all, or none. */
  batchGet(
    request: MessageInitShape<typeof BatchGetMutexGroupsRequestSchema>,
    options: CallOptions = {},
  ): Promise<BatchGetMutexGroupsResponse> {
    return this.#channel.call(rpcs.batchGetMutexGroups, request, options);
  }

  /**
   * Creates a group once. It fills in the `requestId` of the request where that is empty: calling again with
   * the same object after a failure returns the group of the first call and never makes a second one. The
   * error has the id too, as `metadata.request_id`.
   */
  async create(
    request: MessageInitShape<typeof CreateMutexGroupRequestSchema>,
    options: CallOptions = {},
  ): Promise<CreateMutexGroupResponse> {
    const requestId = request.requestId || randomUUID();
    // An object that cannot be changed is left as it is.
    Reflect.set(request, "requestId", requestId);
    try {
      return await this.#channel.call(rpcs.createMutexGroup, { ...request, requestId }, options);
    } catch (error) {
      if (error instanceof MutexGroupsError) error.metadata["request_id"] = requestId;
      throw error;
    }
  }

  /** Changes a group's name and description. */
  update(
    request: MessageInitShape<typeof UpdateMutexGroupRequestSchema>,
    options: CallOptions = {},
  ): Promise<UpdateMutexGroupResponse> {
    return this.#channel.call(rpcs.updateMutexGroup, request, options);
  }

  /** Replaces the lists of a slot that the mask names. */
  updateSlot(
    request: MessageInitShape<typeof UpdateSlotRequestSchema>,
    options: CallOptions = {},
  ): Promise<UpdateSlotResponse> {
    return this.#channel.call(rpcs.updateSlot, request, options);
  }

  /** Adds members to a slot. */
  addSlotMembers(
    request: MessageInitShape<typeof AddSlotMembersRequestSchema>,
    options: CallOptions = {},
  ): Promise<AddSlotMembersResponse> {
    return this.#channel.call(rpcs.addSlotMembers, request, options);
  }

  /** Removes members from a slot. */
  removeSlotMembers(
    request: MessageInitShape<typeof RemoveSlotMembersRequestSchema>,
    options: CallOptions = {},
  ): Promise<RemoveSlotMembersResponse> {
    return this.#channel.call(rpcs.removeSlotMembers, request, options);
  }

  /** Moves members from one slot of a group to another. Safe to repeat. */
  moveSlotMembers(
    request: MessageInitShape<typeof MoveSlotMembersRequestSchema>,
    options: CallOptions = {},
  ): Promise<MoveSlotMembersResponse> {
    return this.#channel.call(rpcs.moveSlotMembers, request, options);
  }

  /** Archives a group. */
  archive(
    request: MessageInitShape<typeof ArchiveMutexGroupRequestSchema>,
    options: CallOptions = {},
  ): Promise<ArchiveMutexGroupResponse> {
    return this.#channel.call(rpcs.archiveMutexGroup, request, options);
  }

  /** Takes a group out of the archive. */
  unarchive(
    request: MessageInitShape<typeof UnarchiveMutexGroupRequestSchema>,
    options: CallOptions = {},
  ): Promise<UnarchiveMutexGroupResponse> {
    return this.#channel.call(rpcs.unarchiveMutexGroup, request, options);
  }

  /** What the service says of its own health, by the standard grpc.health.v1. */
  checkHealth(
    request: MessageInitShape<typeof HealthCheckRequestSchema> = {},
    options: CallOptions = {},
  ): Promise<HealthCheckResponse> {
    return this.#channel.call(Health.method.check, request, options);
  }
}
