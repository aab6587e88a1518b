// The bodies that Amplitude is sent, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/request_body.h"
#include "tests/contract/golden_file.h"

namespace mutexd::contract {
namespace {

namespace v1 = ::mutexgroups::v1;

bool Names(const google::protobuf::FieldMask& mask, const std::string& path) {
  return std::find(mask.paths().begin(), mask.paths().end(), path) != mask.paths().end();
}

std::string CreateRequestBody(const std::string& textproto) {
  v1::CreateMutexGroupRequest request;
  ParseTextProto(textproto, request);
  return amplitude::CreateBody(request.mutex_group());
}

std::string UpdateRequestBody(const std::string& textproto) {
  v1::UpdateMutexGroupRequest request;
  ParseTextProto(textproto, request);
  amplitude::GroupEdit edit;
  if (Names(request.update_mask(), "name")) edit.name = request.mutex_group().name();
  if (Names(request.update_mask(), "description")) {
    edit.description = request.mutex_group().description();
  }
  return amplitude::EditBody(edit);
}

std::string SlotRequestBody(const std::string& textproto) {
  v1::UpdateSlotRequest request;
  ParseTextProto(textproto, request);
  const v1::Slot& slot = request.slot();
  amplitude::SlotEdit edit;
  if (Names(request.update_mask(), "experiment_ids")) {
    edit.experiment_ids.emplace(slot.experiment_ids().begin(), slot.experiment_ids().end());
  }
  if (Names(request.update_mask(), "holdout_ids")) {
    edit.holdout_ids.emplace(slot.holdout_ids().begin(), slot.holdout_ids().end());
  }
  if (Names(request.update_mask(), "individuals")) {
    edit.individuals.emplace(slot.individuals().begin(), slot.individuals().end());
  }
  return amplitude::SlotEditBody(edit);
}

std::string ArchiveRequestBody(bool archive) {
  amplitude::GroupEdit edit;
  edit.archive = archive;
  return amplitude::EditBody(edit);
}

class RequestContract : public testing::TestWithParam<std::string> {};

TEST_P(RequestContract, HasTheseBytes) {
  const std::string& name = GetParam();
  const auto textproto = ReadGolden("request", name + ".textproto");
  ASSERT_TRUE(textproto) << "has no .textproto";
  std::string body;
  if (absl::StartsWith(name, "create")) {
    body = CreateRequestBody(*textproto);
  } else if (absl::StartsWith(name, "update")) {
    body = UpdateRequestBody(*textproto);
  } else if (absl::StartsWith(name, "slot")) {
    body = SlotRequestBody(*textproto);
  } else {
    body = ArchiveRequestBody(absl::StartsWith(name, "archive"));
  }
  const auto json = ReadGolden("request", name + ".json");
  EXPECT_EQ(body, std::string(absl::StripSuffix(*json, "\n")));
}

INSTANTIATE_TEST_SUITE_P(Golden, RequestContract, testing::ValuesIn(GoldenNames("request")),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace mutexd::contract
