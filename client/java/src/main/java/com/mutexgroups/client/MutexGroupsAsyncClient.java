package com.mutexgroups.client;

import com.mutexgroups.v1.AddSlotMembersRequest;
import com.mutexgroups.v1.AddSlotMembersResponse;
import com.mutexgroups.v1.ArchiveMutexGroupRequest;
import com.mutexgroups.v1.ArchiveMutexGroupResponse;
import com.mutexgroups.v1.BatchGetMutexGroupsRequest;
import com.mutexgroups.v1.BatchGetMutexGroupsResponse;
import com.mutexgroups.v1.CreateMutexGroupRequest;
import com.mutexgroups.v1.CreateMutexGroupResponse;
import com.mutexgroups.v1.GetMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupResponse;
import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import com.mutexgroups.v1.MoveSlotMembersRequest;
import com.mutexgroups.v1.MoveSlotMembersResponse;
import com.mutexgroups.v1.MutexGroup;
import com.mutexgroups.v1.MutexGroupServiceGrpc;
import com.mutexgroups.v1.RemoveSlotMembersRequest;
import com.mutexgroups.v1.RemoveSlotMembersResponse;
import com.mutexgroups.v1.UnarchiveMutexGroupRequest;
import com.mutexgroups.v1.UnarchiveMutexGroupResponse;
import com.mutexgroups.v1.UpdateMutexGroupRequest;
import com.mutexgroups.v1.UpdateMutexGroupResponse;
import com.mutexgroups.v1.UpdateSlotRequest;
import com.mutexgroups.v1.UpdateSlotResponse;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A client whose calls return at once, made by {@link MutexGroupsClient#async()}, whose connection
 * it shares.
 *
 * <p>A call that fails completes its future with a {@link MutexGroupsException}. Cancelling a
 * future cancels its call. What is chained to a future runs on a thread of gRPC's.
 */
public final class MutexGroupsAsyncClient {
  private final Calls calls;

  MutexGroupsAsyncClient(Calls calls) {
    this.calls = calls;
  }

  /** See {@link MutexGroupsClient#withTimeout}. */
  public MutexGroupsAsyncClient withTimeout(Duration timeout) {
    return new MutexGroupsAsyncClient(calls.withTimeout(timeout));
  }

  /** See {@link MutexGroupsClient#withCorrelationId}. */
  public MutexGroupsAsyncClient withCorrelationId(String id) {
    return new MutexGroupsAsyncClient(calls.withCorrelationId(id));
  }

  /**
   * Hands each group that the request asks for to {@code consumer}, in order and one at a time; see
   * {@link MutexGroupsClient#list(ListMutexGroupsRequest)}. The future completes after the last
   * one, or with the first error, also of the consumer's; cancelling it ends the listing.
   */
  public CompletableFuture<Void> list(
      ListMutexGroupsRequest request, Consumer<? super MutexGroup> consumer) {
    return pages(request, page -> page.getMutexGroupsList().forEach(consumer));
  }

  /** As {@link #list}, by whole pages; the next one is asked for when the consumer returns. */
  public CompletableFuture<Void> pages(
      ListMutexGroupsRequest request, Consumer<? super ListMutexGroupsResponse> consumer) {
    return new AsyncListing(this::listPage, consumer).start(request);
  }

  /** One page, exactly as the request asks for it. */
  public CompletableFuture<ListMutexGroupsResponse> listPage(ListMutexGroupsRequest request) {
    return calls.future(MutexGroupServiceGrpc.getListMutexGroupsMethod(), request);
  }

  /** See {@link MutexGroupsClient#create}. */
  public CompletableFuture<CreateMutexGroupResponse> create(CreateMutexGroupRequest request) {
    CreateMutexGroupRequest named = Creates.withRequestId(request);
    return calls.future(
        MutexGroupServiceGrpc.getCreateMutexGroupMethod(), named, Creates.known(named));
  }

  /** Reads one group by its id, or by its key at the cost of a scan of all groups. */
  public CompletableFuture<GetMutexGroupResponse> get(GetMutexGroupRequest request) {
    return calls.future(MutexGroupServiceGrpc.getGetMutexGroupMethod(), request);
  }

  /** Reads 1 to 100 groups by their ids: all, or none. */
  public CompletableFuture<BatchGetMutexGroupsResponse> batchGet(
      BatchGetMutexGroupsRequest request) {
    return calls.future(MutexGroupServiceGrpc.getBatchGetMutexGroupsMethod(), request);
  }

  /** Changes a group's name and description. */
  public CompletableFuture<UpdateMutexGroupResponse> update(UpdateMutexGroupRequest request) {
    return calls.future(MutexGroupServiceGrpc.getUpdateMutexGroupMethod(), request);
  }

  /** Replaces the lists of a slot that the mask names. */
  public CompletableFuture<UpdateSlotResponse> updateSlot(UpdateSlotRequest request) {
    return calls.future(MutexGroupServiceGrpc.getUpdateSlotMethod(), request);
  }

  /** Adds members to a slot; those that are there already are left alone. */
  public CompletableFuture<AddSlotMembersResponse> addSlotMembers(AddSlotMembersRequest request) {
    return calls.future(MutexGroupServiceGrpc.getAddSlotMembersMethod(), request);
  }

  /** Removes members from a slot; those that are not there are passed over. */
  public CompletableFuture<RemoveSlotMembersResponse> removeSlotMembers(
      RemoveSlotMembersRequest request) {
    return calls.future(MutexGroupServiceGrpc.getRemoveSlotMembersMethod(), request);
  }

  /** Moves members from one slot of a group to another. Safe to repeat. */
  public CompletableFuture<MoveSlotMembersResponse> moveSlotMembers(
      MoveSlotMembersRequest request) {
    return calls.future(MutexGroupServiceGrpc.getMoveSlotMembersMethod(), request);
  }

  /** Archives a group. */
  public CompletableFuture<ArchiveMutexGroupResponse> archive(ArchiveMutexGroupRequest request) {
    return calls.future(MutexGroupServiceGrpc.getArchiveMutexGroupMethod(), request);
  }

  /** Takes a group out of the archive. */
  public CompletableFuture<UnarchiveMutexGroupResponse> unarchive(
      UnarchiveMutexGroupRequest request) {
    return calls.future(MutexGroupServiceGrpc.getUnarchiveMutexGroupMethod(), request);
  }

  /** What the service says of its own health, by the standard {@code grpc.health.v1}. */
  public CompletableFuture<HealthCheckResponse> checkHealth() {
    return checkHealth(HealthCheckRequest.getDefaultInstance());
  }

  /** The health of one of the server's services. */
  public CompletableFuture<HealthCheckResponse> checkHealth(HealthCheckRequest request) {
    return calls.future(HealthGrpc.getCheckMethod(), request);
  }
}
