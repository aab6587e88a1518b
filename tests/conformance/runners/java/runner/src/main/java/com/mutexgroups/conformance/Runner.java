package com.mutexgroups.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.mutexgroups.client.MutexGroupsClient;
import com.mutexgroups.client.MutexGroupsException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Makes the calls of the conformance suite with the Java client: a line of JSON in, a line out. */
public final class Runner {
  // Absent values of errors are null in the answers.
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();

  /** One for each way to connect. */
  private final Map<String, MutexGroupsClient> clients = new HashMap<>();

  public static void main(String[] arguments) throws IOException {
    Runner runner = new Runner();
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      answers.println(GSON.toJson(runner.answer(JsonParser.parseString(line).getAsJsonObject())));
    }
    runner.closeClients();
  }

  private void closeClients() {
    clients.values().forEach(MutexGroupsClient::close);
    clients.clear();
  }

  private JsonObject answer(JsonObject question) throws InvalidProtocolBufferException {
    if (question.has("close_clients")) {
      closeClients();
      return new JsonObject();
    }
    JsonObject connect = question.getAsJsonObject("connect");
    MutexGroupsClient client;
    try {
      client = clients.computeIfAbsent(connect.toString(), key -> connect(connect));
    } catch (IllegalArgumentException error) {
      return failure(Answers.invalidOption(error));
    }
    try {
      return new Question(question).ask(client);
    } catch (MutexGroupsException error) {
      return failure(Answers.error(error));
    }
  }

  private static MutexGroupsClient connect(JsonObject connect) {
    return MutexGroupsClient.connect(Options.from(connect));
  }

  private static JsonObject failure(JsonObject error) {
    JsonObject answer = new JsonObject();
    answer.add("error", error);
    return answer;
  }
}
