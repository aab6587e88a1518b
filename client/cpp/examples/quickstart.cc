// Prints all groups of the service that MUTEXGROUPS_SERVER names, or that of this machine.
#include <mutexgroups/client.h>

#include <iostream>

int main() {
  auto client = mutexgroups::Client::Connect(mutexgroups::ClientOptions::FromEnvironment());
  if (!client.ok()) {
    std::cerr << client.error().message << '\n';
    return 1;
  }

  for (const auto& page : client->List({})) {
    if (!page.ok()) {
      std::cerr << page.error().message << '\n';
      return 1;
    }
    for (const auto& group : page->mutex_groups()) {
      std::cout << group.id() << ' ' << group.key();
      for (const auto& slot : group.slots()) std::cout << ' ' << slot.percentage() << '%';
      std::cout << '\n';
    }
  }

  mutexgroups::v1::GetMutexGroupRequest request;
  request.set_mutex_group_id("404");
  const auto reply = client->Get(request);
  if (!reply.ok()) {
    std::cout << mutexgroups::CodeName(reply.error().code) << ' ' << reply.error().reason_name
              << '\n';
  }
}
