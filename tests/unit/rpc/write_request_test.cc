#include "service/rpc/write_request.h"

#include <gtest/gtest.h>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/rpc/methods.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

TEST(WriteRequest, NamesTheGroupOfAnyWrite) {
  v1::UpdateMutexGroupRequest update;
  update.mutable_mutex_group()->set_id("7");
  EXPECT_EQ(MutexGroupIdOf(update), "7");
  v1::MoveSlotMembersRequest move;
  move.set_mutex_group_id("8");
  EXPECT_EQ(MutexGroupIdOf(move), "8");
}

TEST(WriteRequest, ACreateHasNoGroupYetWhateverItSays) {
  v1::CreateMutexGroupRequest create;
  create.mutable_mutex_group()->set_id("somebody-elses");
  EXPECT_EQ(MutexGroupIdOf(create), "");
}

TEST(WriteRequest, EveryWriteCanOnlyAsk) {
  for (const RpcMethod& method : Methods()) {
    if (!method.is_write()) continue;
    const std::unique_ptr<google::protobuf::Message> request(method.request_prototype->New());
    EXPECT_FALSE(IsValidateOnly(*request)) << std::string(method.name);
    const auto* field = request->GetDescriptor()->FindFieldByName("validate_only");
    ASSERT_NE(field, nullptr) << std::string(method.name);
    request->GetReflection()->SetBool(request.get(), field, true);
    EXPECT_TRUE(IsValidateOnly(*request)) << std::string(method.name);
  }
}

}  // namespace
}  // namespace mutexd::rpc
