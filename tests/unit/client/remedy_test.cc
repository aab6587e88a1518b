#include "client/cpp/mutexctl/remedy.h"

#include <gmock/gmock.h>

#include <set>

namespace mutexgroups::ctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Remedy, EveryReasonHasASentenceOfItsOwn) {
  const auto& reasons = *v1::ErrorReason_descriptor();
  std::set<std::string> sentences;
  for (int i = 0; i < reasons.value_count(); ++i) {
    const auto reason = static_cast<v1::ErrorReason>(reasons.value(i)->number());
    if (reason == v1::ERROR_REASON_UNSPECIFIED) continue;
    EXPECT_THAT(RemedyFor(reason), EndsWith(".")) << reasons.value(i)->name();
    EXPECT_TRUE(sentences.insert(RemedyFor(reason)).second) << reasons.value(i)->name();
  }
  EXPECT_GE(sentences.size(), 27u);
}

TEST(Remedy, OfAStatusOfGrpcItselfGoesByTheCode) {
  Error error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  EXPECT_THAT(Remedy(error, "gateway:1"), HasSubstr("listens on gateway:1"));
  error.code = grpc::StatusCode::UNIMPLEMENTED;
  EXPECT_THAT(Remedy(error, "gateway:1"), HasSubstr("gateway:1 is a mutexd"));
  error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  EXPECT_THAT(Remedy(error, ""), HasSubstr("--timeout"));
  error.code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  EXPECT_THAT(Remedy(error, ""), HasSubstr("larger"));
  error.code = grpc::StatusCode::INTERNAL;
  EXPECT_THAT(Remedy(error, ""), IsEmpty());
}

TEST(Remedy, OfAnErrorOfTheServiceGoesByTheReason) {
  Error error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  error.reason = v1::ERROR_REASON_SHUTTING_DOWN;
  error.reason_name = "SHUTTING_DOWN";
  EXPECT_EQ(Remedy(error, ""), RemedyFor(v1::ERROR_REASON_SHUTTING_DOWN));
  error.reason = v1::ERROR_REASON_UNSPECIFIED;
  error.reason_name = "FROM_THE_FUTURE";
  EXPECT_THAT(Remedy(error, ""), IsEmpty());
}

}  // namespace
}  // namespace mutexgroups::ctl
