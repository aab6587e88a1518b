#include "service/rpc/methods.h"

#include <gtest/gtest.h>

#include "mutexgroups/v1/mutex_group_service.pb.h"

namespace mutexd::rpc {
namespace {

TEST(Methods, StandInTheOrderOfTheServicesDefinition) {
  const auto* service =
      mutexgroups::v1::ListMutexGroupsRequest::descriptor()->file()->FindServiceByName(
          "MutexGroupService");
  ASSERT_NE(service, nullptr);
  ASSERT_EQ(Methods().size(), static_cast<std::size_t>(service->method_count()));
  for (int i = 0; i < service->method_count(); ++i) {
    const RpcMethod& method = Methods()[i];
    EXPECT_EQ(std::string(method.name), service->method(i)->name());
    EXPECT_EQ(method.request_prototype->GetDescriptor(), service->method(i)->input_type());
  }
}

TEST(Methods, ReadsAreListedGotAndBatched) {
  for (const RpcMethod& method : Methods()) {
    const std::string name(method.name);
    const bool read = name.starts_with("List") || name.find("Get") != std::string::npos;
    EXPECT_EQ(method.is_write(), !read) << name;
  }
}

TEST(Methods, TellHowManyRequestsAWriteTakes) {
  for (const RpcMethod& method : Methods()) {
    const int expected = method.name == "MoveSlotMembers" ? 5 : method.is_write() ? 3 : 0;
    EXPECT_EQ(method.requests_needed, expected) << std::string(method.name);
  }
}

TEST(Methods, RefuseAnEmptyRequestUnlessAllIsOptional) {
  for (const RpcMethod& method : Methods()) {
    const bool accepts = method.validate(*method.request_prototype).empty();
    EXPECT_EQ(accepts, method.name == "ListMutexGroups") << std::string(method.name);
  }
}

}  // namespace
}  // namespace mutexd::rpc
