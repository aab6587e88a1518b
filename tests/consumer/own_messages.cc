// Uses google.rpc's messages, which it has of its own, beside the client, which reads errors by
// them.
#include <google/rpc/status.pb.h>
#include <mutexgroups/client.h>

#include <iostream>

int main() {
  const auto client = mutexgroups::Client::Connect(mutexgroups::ClientOptions::FromEnvironment());
  if (!client.ok()) return 1;
  mutexgroups::v1::GetMutexGroupRequest request;
  request.set_mutex_group_id("404");
  const auto reply = client->Get(request);
  if (reply.ok()) return 1;

  google::rpc::Status status;
  status.set_code(reply.error().code);
  status.set_message(reply.error().reason_name);
  std::cout << status.ShortDebugString() << '\n';
}
