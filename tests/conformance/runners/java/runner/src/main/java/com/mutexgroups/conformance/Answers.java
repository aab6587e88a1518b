package com.mutexgroups.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ResourceInfo;
import com.mutexgroups.client.MutexGroupsException;
import java.util.List;

/** The forms of answers that the suite expects. */
final class Answers {
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

  private Answers() {}

  static JsonObject message(MessageOrBuilder message) {
    try {
      return JsonParser.parseString(PRINTER.print(message)).getAsJsonObject();
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("a message of the service has no JSON form", error);
    }
  }

  static JsonArray messages(List<? extends MessageOrBuilder> messages) {
    JsonArray array = new JsonArray();
    messages.forEach(message -> array.add(message(message)));
    return array;
  }

  static JsonObject invalidOption(IllegalArgumentException error) {
    JsonObject json = new JsonObject();
    json.addProperty("code", "INVALID_OPTION");
    json.addProperty("message", error.getMessage());
    return json;
  }

  static JsonObject error(MutexGroupsException error) {
    JsonObject json = new JsonObject();
    json.addProperty("code", error.getCode().name());
    json.addProperty("reason", error.getReasonName());
    json.addProperty("message", error.getMessage());
    JsonObject metadata = new JsonObject();
    error.getMetadata().forEach(metadata::addProperty);
    json.add("metadata", metadata);
    Integer httpStatus =
        error.getHttpStatus().isPresent() ? error.getHttpStatus().getAsInt() : null;
    json.addProperty("http_status", httpStatus);
    JsonArray violations = new JsonArray();
    error
        .getViolations()
        .forEach(one -> violations.add(pair("field", one.getField(), one.getDescription())));
    json.add("violations", violations);
    JsonArray quotaViolations = new JsonArray();
    error
        .getQuotaViolations()
        .forEach(
            one -> quotaViolations.add(pair("subject", one.getSubject(), one.getDescription())));
    json.add("quota_violations", quotaViolations);
    json.add("resource", error.getResource().map(Answers::resource).orElse(null));
    json.addProperty("retry_delay_ms", error.getRetryDelay().map(d -> d.toMillis()).orElse(null));
    json.addProperty("request_id", error.getRequestId());
    return json;
  }

  private static JsonObject pair(String name, String value, String description) {
    JsonObject json = new JsonObject();
    json.addProperty(name, value);
    json.addProperty("description", description);
    return json;
  }

  private static JsonObject resource(ResourceInfo resource) {
    JsonObject json = pair("name", resource.getResourceName(), resource.getDescription());
    json.addProperty("type", resource.getResourceType());
    return json;
  }
}
