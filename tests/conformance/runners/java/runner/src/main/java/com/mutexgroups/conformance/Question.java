package com.mutexgroups.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.mutexgroups.client.MutexGroupsAsyncClient;
import com.mutexgroups.client.MutexGroupsClient;
import com.mutexgroups.client.MutexGroupsException;
import com.mutexgroups.v1.AddSlotMembersRequest;
import com.mutexgroups.v1.ArchiveMutexGroupRequest;
import com.mutexgroups.v1.BatchGetMutexGroupsRequest;
import com.mutexgroups.v1.CreateMutexGroupRequest;
import com.mutexgroups.v1.GetMutexGroupRequest;
import com.mutexgroups.v1.ListMutexGroupsRequest;
import com.mutexgroups.v1.ListMutexGroupsResponse;
import com.mutexgroups.v1.MoveSlotMembersRequest;
import com.mutexgroups.v1.MutexGroup;
import com.mutexgroups.v1.RemoveSlotMembersRequest;
import com.mutexgroups.v1.UnarchiveMutexGroupRequest;
import com.mutexgroups.v1.UpdateMutexGroupRequest;
import com.mutexgroups.v1.UpdateSlotRequest;
import io.grpc.health.v1.HealthCheckRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** One call of the suite, blocking or not as its style says. */
final class Question {
  private final JsonObject question;
  private final boolean async;

  Question(JsonObject question) {
    this.question = question;
    this.async = question.has("style") && question.get("style").getAsString().equals("async");
  }

  /** The answer; a call that fails throws, the list of all groups aside. */
  JsonObject ask(MutexGroupsClient shared) throws InvalidProtocolBufferException {
    MutexGroupsClient client = withSettings(shared);
    switch (question.get("call").getAsString()) {
      case "ListAll":
        return listAll(client);
      case "Pages":
        return response("pages", pages(client));
      default:
        Message reply = async ? join(callAsync(client.async())) : call(client);
        return answer(Answers.message(reply));
    }
  }

  private MutexGroupsClient withSettings(MutexGroupsClient client) {
    if (question.has("timeout_ms")) {
      client = client.withTimeout(Duration.ofMillis(question.get("timeout_ms").getAsLong()));
    }
    if (question.has("correlation_id")) {
      client = client.withCorrelationId(question.get("correlation_id").getAsString());
    }
    return client;
  }

  private JsonObject listAll(MutexGroupsClient client) throws InvalidProtocolBufferException {
    ListMutexGroupsRequest request = request(ListMutexGroupsRequest.newBuilder());
    List<MutexGroup> groups = new ArrayList<>();
    try {
      if (async) {
        join(client.async().list(request, groups::add));
      } else {
        client.list(request).forEach(groups::add);
      }
    } catch (MutexGroupsException error) {
      JsonObject answer = new JsonObject();
      answer.addProperty("mutex_groups_before", groups.size());
      answer.add("error", Answers.error(error));
      return answer;
    }
    return response("mutex_groups", Answers.messages(groups));
  }

  private JsonElement pages(MutexGroupsClient client) throws InvalidProtocolBufferException {
    ListMutexGroupsRequest request = request(ListMutexGroupsRequest.newBuilder());
    List<ListMutexGroupsResponse> pages = new ArrayList<>();
    if (async) {
      join(client.async().pages(request, pages::add));
    } else {
      client.pages(request).forEach(pages::add);
    }
    return Answers.messages(pages);
  }

  private Message call(MutexGroupsClient client) throws InvalidProtocolBufferException {
    String call = question.get("call").getAsString();
    switch (call) {
      case "ListMutexGroups":
        return client.listPage(request(ListMutexGroupsRequest.newBuilder()));
      case "GetMutexGroup":
        return client.get(request(GetMutexGroupRequest.newBuilder()));
      case "BatchGetMutexGroups":
        return client.batchGet(request(BatchGetMutexGroupsRequest.newBuilder()));
      case "CreateMutexGroup":
        return client.create(request(CreateMutexGroupRequest.newBuilder()));
      case "UpdateMutexGroup":
        return client.update(request(UpdateMutexGroupRequest.newBuilder()));
      case "UpdateSlot":
        return client.updateSlot(request(UpdateSlotRequest.newBuilder()));
      case "AddSlotMembers":
        return client.addSlotMembers(request(AddSlotMembersRequest.newBuilder()));
      case "RemoveSlotMembers":
        return client.removeSlotMembers(request(RemoveSlotMembersRequest.newBuilder()));
      case "MoveSlotMembers":
        return client.moveSlotMembers(request(MoveSlotMembersRequest.newBuilder()));
      case "ArchiveMutexGroup":
        return client.archive(request(ArchiveMutexGroupRequest.newBuilder()));
      case "UnarchiveMutexGroup":
        return client.unarchive(request(UnarchiveMutexGroupRequest.newBuilder()));
      case "CheckHealth":
        return client.checkHealth(request(HealthCheckRequest.newBuilder()));
      default:
        throw new IllegalArgumentException("no such call: " + call);
    }
  }

  private CompletableFuture<? extends Message> callAsync(MutexGroupsAsyncClient client)
      throws InvalidProtocolBufferException {
    String call = question.get("call").getAsString();
    switch (call) {
      case "ListMutexGroups":
        return client.listPage(request(ListMutexGroupsRequest.newBuilder()));
      case "GetMutexGroup":
        return client.get(request(GetMutexGroupRequest.newBuilder()));
      case "BatchGetMutexGroups":
        return client.batchGet(request(BatchGetMutexGroupsRequest.newBuilder()));
      case "CreateMutexGroup":
        return client.create(request(CreateMutexGroupRequest.newBuilder()));
      case "UpdateMutexGroup":
        return client.update(request(UpdateMutexGroupRequest.newBuilder()));
      case "UpdateSlot":
        return client.updateSlot(request(UpdateSlotRequest.newBuilder()));
      case "AddSlotMembers":
        return client.addSlotMembers(request(AddSlotMembersRequest.newBuilder()));
      case "RemoveSlotMembers":
        return client.removeSlotMembers(request(RemoveSlotMembersRequest.newBuilder()));
      case "MoveSlotMembers":
        return client.moveSlotMembers(request(MoveSlotMembersRequest.newBuilder()));
      case "ArchiveMutexGroup":
        return client.archive(request(ArchiveMutexGroupRequest.newBuilder()));
      case "UnarchiveMutexGroup":
        return client.unarchive(request(UnarchiveMutexGroupRequest.newBuilder()));
      case "CheckHealth":
        return client.checkHealth(request(HealthCheckRequest.newBuilder()));
      default:
        throw new IllegalArgumentException("no such call: " + call);
    }
  }

  private <T extends Message> T request(Message.Builder builder)
      throws InvalidProtocolBufferException {
    JsonElement request = question.get("request");
    if (request != null) {
      JsonFormat.parser().merge(request.toString(), builder);
    }
    @SuppressWarnings("unchecked") // The builder is of this message.
    T message = (T) builder.build();
    return message;
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException error) {
      throw (MutexGroupsException) error.getCause();
    }
  }

  private static JsonObject response(String name, JsonElement value) {
    JsonObject response = new JsonObject();
    response.add(name, value);
    return answer(response);
  }

  private static JsonObject answer(JsonObject response) {
    JsonObject answer = new JsonObject();
    answer.add("response", response);
    return answer;
  }
}
