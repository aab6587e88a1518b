// Makes the conformance suite's calls with the C++ client: a line of JSON in, a line out.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mutexgroups/client.h"

namespace mutexgroups {
namespace {

namespace json = google::protobuf::util;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;

// -- JSON

Value Text(const std::string& text) {
  Value value;
  value.set_string_value(text);
  return value;
}

Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}

Value Null() {
  Value value;
  value.set_null_value(google::protobuf::NULL_VALUE);
  return value;
}

Value Object(std::vector<std::pair<std::string, Value>> members) {
  Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  for (auto& [name, member] : members) fields[name] = std::move(member);
  return value;
}

template <typename List, typename ToValue>
Value Array(const List& list, ToValue to_value) {
  Value value;
  value.mutable_list_value();
  for (const auto& one : list) *value.mutable_list_value()->add_values() = to_value(one);
  return value;
}

std::string Print(const Message& message) {
  json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!json::MessageToJsonString(message, &text, options).ok()) std::abort();
  return text;
}

template <typename T>
T Parse(const std::string& text) {
  T message;
  const auto status = json::JsonStringToMessage(text, &message);
  if (!status.ok()) {
    std::cerr << status.ToString() << ": " << text << "\n";
    std::abort();
  }
  return message;
}

Value ToValue(const Message& message) { return Parse<Value>(Print(message)); }

// The member; a value that is nothing where there is none.
const Value& At(const Struct& object, const std::string& name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? Value::default_instance() : found->second;
}

std::string TextAt(const Struct& object, const std::string& name) {
  return At(object, name).string_value();
}

// -- answers

Value ErrorValue(const Error& error) {
  Value metadata = Object({});
  for (const auto& [name, text] : error.metadata) {
    (*metadata.mutable_struct_value()->mutable_fields())[name] = Text(text);
  }
  const auto violation = [](const FieldViolation& one) {
    return Object({{"field", Text(one.field)}, {"description", Text(one.description)}});
  };
  const auto quota_violation = [](const QuotaViolation& one) {
    return Object({{"subject", Text(one.subject)}, {"description", Text(one.description)}});
  };
  Value resource = Null();
  if (error.resource) {
    resource = Object({{"type", Text(error.resource->type)},
                       {"name", Text(error.resource->name)},
                       {"description", Text(error.resource->description)}});
  }
  const auto delay = error.retry_delay;
  return Object({
      {"code", Text(CodeName(error.code))},
      {"reason", Text(error.reason_name)},
      {"message", Text(error.message)},
      {"metadata", metadata},
      {"http_status", error.http_status ? Number(*error.http_status) : Null()},
      {"violations", Array(error.violations, violation)},
      {"quota_violations", Array(error.quota_violations, quota_violation)},
      {"resource", resource},
      {"retry_delay_ms", delay ? Number(static_cast<double>(delay->count())) : Null()},
      {"request_id", Text(error.request_id)},
  });
}

Value Failed(const Error& error) { return Object({{"error", ErrorValue(error)}}); }

Value Succeeded(Value response) { return Object({{"response", std::move(response)}}); }

template <typename Response>
Value Outcome(const Result<Response>& result) {
  return result.ok() ? Succeeded(ToValue(*result)) : Failed(result.error());
}

Value ListAll(Pages pages) {
  std::vector<Value> groups;
  for (const auto& page : pages) {
    if (!page.ok()) {
      return Object({{"mutex_groups_before", Number(static_cast<double>(groups.size()))},
                     {"error", ErrorValue(page.error())}});
    }
    for (const auto& group : page->mutex_groups()) groups.push_back(ToValue(group));
  }
  return Succeeded(Object({{"mutex_groups", Array(groups, [](const Value& one) { return one; })}}));
}

Value AllPages(Pages pages) {
  std::vector<Value> all;
  for (const auto& page : pages) {
    if (!page.ok()) return Failed(page.error());
    all.push_back(ToValue(*page));
  }
  return Succeeded(Object({{"pages", Array(all, [](const Value& one) { return one; })}}));
}

// -- questions

constexpr const char* kVariables[] = {
    "MUTEXGROUPS_SERVER",        "MUTEXGROUPS_TLS",          "MUTEXGROUPS_TLS_CA_FILE",
    "MUTEXGROUPS_TLS_CERT_FILE", "MUTEXGROUPS_TLS_KEY_FILE", "MUTEXGROUPS_TLS_SERVER_NAME",
};

ClientOptions OptionsFrom(const Struct& connect) {
  if (connect.fields().contains("environment")) {
    for (const char* variable : kVariables) unsetenv(variable);
    for (const auto& [name, value] : At(connect, "environment").struct_value().fields()) {
      setenv(name.c_str(), value.string_value().c_str(), 1);
    }
    return ClientOptions::FromEnvironment();
  }
  ClientOptions options;
  if (connect.fields().contains("server")) options.server = TextAt(connect, "server");
  options.amplitude_key = TextAt(connect, "amplitude_key");
  if (connect.fields().contains("tls")) {
    const auto& tls = At(connect, "tls").struct_value();
    options.tls = "on";
    options.tls_ca_file = TextAt(tls, "ca_file");
    options.tls_cert_file = TextAt(tls, "cert_file");
    options.tls_key_file = TextAt(tls, "key_file");
    options.tls_server_name = TextAt(tls, "server_name");
  }
  return options;
}

Value Call(const Client& client, const Struct& question) {
  CallOptions options;
  options.correlation_id = TextAt(question, "correlation_id");
  if (question.fields().contains("timeout_ms")) {
    options.timeout =
        std::chrono::milliseconds(static_cast<int>(At(question, "timeout_ms").number_value()));
  }
  const std::string call = TextAt(question, "call");
  const std::string request = Print(At(question, "request"));
  if (call == "ListAll") {
    return ListAll(client.List(Parse<v1::ListMutexGroupsRequest>(request), options));
  }
  if (call == "Pages") {
    return AllPages(client.List(Parse<v1::ListMutexGroupsRequest>(request), options));
  }
  if (call == "CheckHealth") return Outcome(client.CheckHealth(options));
  if (call == "GetMutexGroup") {
    return Outcome(client.Get(Parse<v1::GetMutexGroupRequest>(request), options));
  }
  if (call == "BatchGetMutexGroups") {
    return Outcome(client.BatchGet(Parse<v1::BatchGetMutexGroupsRequest>(request), options));
  }
  if (call == "CreateMutexGroup") {
    auto create = Parse<v1::CreateMutexGroupRequest>(request);
    return Outcome(client.Create(create, options));
  }
  if (call == "UpdateMutexGroup") {
    return Outcome(client.Update(Parse<v1::UpdateMutexGroupRequest>(request), options));
  }
  if (call == "UpdateSlot") {
    return Outcome(client.UpdateSlot(Parse<v1::UpdateSlotRequest>(request), options));
  }
  if (call == "AddSlotMembers") {
    return Outcome(client.AddSlotMembers(Parse<v1::AddSlotMembersRequest>(request), options));
  }
  if (call == "RemoveSlotMembers") {
    return Outcome(client.RemoveSlotMembers(Parse<v1::RemoveSlotMembersRequest>(request), options));
  }
  if (call == "MoveSlotMembers") {
    return Outcome(client.MoveSlotMembers(Parse<v1::MoveSlotMembersRequest>(request), options));
  }
  if (call == "ArchiveMutexGroup") {
    return Outcome(client.Archive(Parse<v1::ArchiveMutexGroupRequest>(request), options));
  }
  if (call == "UnarchiveMutexGroup") {
    return Outcome(client.Unarchive(Parse<v1::UnarchiveMutexGroupRequest>(request), options));
  }
  std::cerr << "no such call: " << call << "\n";
  std::abort();
}

// A client for each distinct way to connect.
using Clients = std::map<std::string, Client>;

Value Answer(Clients& clients, const Struct& question) {
  if (question.fields().contains("close_clients")) {
    clients.clear();
    return Object({});
  }
  const auto& connect = At(question, "connect").struct_value();
  const std::string key = connect.SerializeAsString();
  auto found = clients.find(key);
  if (found == clients.end()) {
    auto client = Client::Connect(OptionsFrom(connect));
    if (!client.ok()) {
      return Object({{"error", Object({{"code", Text("INVALID_OPTION")},
                                       {"message", Text(client.error().message)}})}});
    }
    found = clients.emplace(key, *std::move(client)).first;
  }
  return Call(found->second, question);
}

}  // namespace
}  // namespace mutexgroups

int main() {
  mutexgroups::Clients clients;
  for (std::string line; std::getline(std::cin, line);) {
    const auto question = mutexgroups::Parse<google::protobuf::Struct>(line);
    std::cout << mutexgroups::Print(mutexgroups::Answer(clients, question)) << std::endl;
  }
}
