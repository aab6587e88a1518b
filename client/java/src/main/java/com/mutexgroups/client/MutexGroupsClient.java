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
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;

/**
 * A client whose calls block until they are answered, or their time is over.
 *
 * <pre>{@code
 * try (MutexGroupsClient client = MutexGroupsClient.connect()) {
 *   for (MutexGroup group : client.list()) {
 *     System.out.println(group.getId() + " " + group.getName());
 *   }
 * }
 * }</pre>
 *
 * <p>Every call has a deadline; reads are retried as the service's published config says, writes
 * never. A call that fails throws {@link MutexGroupsException}. Safe to use from several threads;
 * make one for a program and keep it, as it is one connection.
 */
public final class MutexGroupsClient implements AutoCloseable {
  private final ManagedChannel channel;
  private final Calls calls;

  private MutexGroupsClient(ManagedChannel channel, Calls calls) {
    this.channel = channel;
    this.calls = calls;
  }

  /**
   * A client with the options of the environment: see {@link ClientOptions#fromEnvironment()}.
   *
   * @throws IllegalArgumentException if an option or a file is wrong; the message names it
   */
  public static MutexGroupsClient connect() {
    return connect(ClientOptions.fromEnvironment().build());
  }

  /**
   * A client with these options. The connection is made by the first call.
   *
   * @throws IllegalArgumentException if a file is wrong; the message names it
   */
  public static MutexGroupsClient connect(ClientOptions options) {
    ManagedChannel channel = Channels.open(options);
    return new MutexGroupsClient(
        channel, new Calls(channel, options.timeout(), options.amplitudeKey().orElse(null)));
  }

  /** The same connection, with calls that may take this long, retries included. */
  public MutexGroupsClient withTimeout(Duration timeout) {
    return new MutexGroupsClient(channel, calls.withTimeout(timeout));
  }

  /**
   * The same connection, with calls that carry this id as the metadata {@code x-request-id}, to
   * find them in the service's logs. The service makes an id for calls without one.
   */
  public MutexGroupsClient withCorrelationId(String id) {
    return new MutexGroupsClient(channel, calls.withCorrelationId(id));
  }

  /** The same connection and settings, with calls that return futures. */
  public MutexGroupsAsyncClient async() {
    return new MutexGroupsAsyncClient(calls);
  }

  /** All groups but the archived ones. */
  public Listing<MutexGroup> list() {
    return list(ListMutexGroupsRequest.getDefaultInstance());
  }

  /**
   * All groups that the request asks for, fetched a page of 1,000 at a time unless it says
   * otherwise. Groups that cannot be read are left out: {@link #pages} tells of them.
   */
  public Listing<MutexGroup> list(ListMutexGroupsRequest request) {
    return Listing.ofGroups(pages(request));
  }

  /** The pages of a listing, with their {@code read_time} and {@code unreadable} groups. */
  public Listing<ListMutexGroupsResponse> pages(ListMutexGroupsRequest request) {
    return Listing.ofPages(request, this::listPage);
  }

  /** One page, exactly as the request asks for it. */
  public ListMutexGroupsResponse listPage(ListMutexGroupsRequest request) {
    return calls.call(MutexGroupServiceGrpc.getListMutexGroupsMethod(), request);
  }

  /**
   * Creates a group, once: repeating the call with the same {@code request_id} returns the group of
   * the first call. An empty {@code request_id} is filled in; an error tells it in {@link
   * MutexGroupsException#getMetadata()} as {@code request_id}.
   */
  public CreateMutexGroupResponse create(CreateMutexGroupRequest request) {
    CreateMutexGroupRequest named = Creates.withRequestId(request);
    return calls.call(
        MutexGroupServiceGrpc.getCreateMutexGroupMethod(), named, Creates.known(named));
  }

  /** Reads one group by its id, or by its key at the cost of a scan of all groups. */
  public GetMutexGroupResponse get(GetMutexGroupRequest request) {
    return calls.call(MutexGroupServiceGrpc.getGetMutexGroupMethod(), request);
  }

  /** Reads 1 to 100 groups by their ids: all, or none. */
  public BatchGetMutexGroupsResponse batchGet(BatchGetMutexGroupsRequest request) {
    return calls.call(MutexGroupServiceGrpc.getBatchGetMutexGroupsMethod(), request);
  }

  /** Changes a group's name and description. */
  public UpdateMutexGroupResponse update(UpdateMutexGroupRequest request) {
    return calls.call(MutexGroupServiceGrpc.getUpdateMutexGroupMethod(), request);
  }

  /** Replaces the lists of a slot that the mask names. */
  public UpdateSlotResponse updateSlot(UpdateSlotRequest request) {
    return calls.call(MutexGroupServiceGrpc.getUpdateSlotMethod(), request);
  }

  /** Adds members to a slot; those that are there already are left alone. */
  public AddSlotMembersResponse addSlotMembers(AddSlotMembersRequest request) {
    return calls.call(MutexGroupServiceGrpc.getAddSlotMembersMethod(), request);
  }

  /** Removes members from a slot; those that are not there are passed over. */
  public RemoveSlotMembersResponse removeSlotMembers(RemoveSlotMembersRequest request) {
    return calls.call(MutexGroupServiceGrpc.getRemoveSlotMembersMethod(), request);
  }

  /** Moves members from one slot of a group to another. Safe to repeat. */
  public MoveSlotMembersResponse moveSlotMembers(MoveSlotMembersRequest request) {
    return calls.call(MutexGroupServiceGrpc.getMoveSlotMembersMethod(), request);
  }

  /** Archives a group. */
  public ArchiveMutexGroupResponse archive(ArchiveMutexGroupRequest request) {
    return calls.call(MutexGroupServiceGrpc.getArchiveMutexGroupMethod(), request);
  }

  /** Takes a group out of the archive. */
  public UnarchiveMutexGroupResponse unarchive(UnarchiveMutexGroupRequest request) {
    return calls.call(MutexGroupServiceGrpc.getUnarchiveMutexGroupMethod(), request);
  }

  /** What the service says of its own health, by the standard {@code grpc.health.v1}. */
  public HealthCheckResponse checkHealth() {
    return checkHealth(HealthCheckRequest.getDefaultInstance());
  }

  /** The health of one of the server's services. */
  public HealthCheckResponse checkHealth(HealthCheckRequest request) {
    return calls.call(HealthGrpc.getCheckMethod(), request);
  }

  /** Closes the connection, also for all clients that share it. Calls that are under way fail. */
  @Override
  public void close() {
    channel.shutdownNow();
  }
}
