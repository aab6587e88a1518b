#include "mutexgroups/error.h"

#include <gmock/gmock.h>

#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Error, ReadsEveryDetail) {
  const auto status = StatusBuilder(grpc::StatusCode::RESOURCE_EXHAUSTED, "AMPLITUDE_RATE_LIMITED",
                                    "too many requests")
                          .Metadata("http_status", "429")
                          .Violation("mutex_group.name", "slot 3")
                          .Quota("project", "100 requests per second")
                          .RetryAfter(std::chrono::milliseconds(3250))
                          .RequestId("call-1")
                          .Resource("mutexgroups.v1.MutexGroup", "1234")
                          .Build();
  const auto error = ErrorFrom(status, "from-trailer");
  EXPECT_EQ(error.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(error.reason, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED);
  EXPECT_EQ(error.reason_name, "AMPLITUDE_RATE_LIMITED");
  EXPECT_EQ(error.message, "too many requests");
  EXPECT_EQ(error.http_status, 429);
  EXPECT_THAT(error.metadata, ElementsAre(Pair("http_status", "429")));
  ASSERT_EQ(error.violations.size(), 1u);
  EXPECT_EQ(error.violations[0].field, "mutex_group.name");
  EXPECT_EQ(error.violations[0].description, "slot 3");
  ASSERT_EQ(error.quota_violations.size(), 1u);
  EXPECT_EQ(error.quota_violations[0].subject, "project");
  EXPECT_EQ(error.retry_delay, std::chrono::milliseconds(3250));
  EXPECT_EQ(error.request_id, "call-1");
  ASSERT_TRUE(error.resource.has_value());
  EXPECT_EQ(error.resource->name, "1234");
}

TEST(Error, OfGrpcItselfHasNoReasonAndTakesTheIdFromTheTrailer) {
  const auto error =
      ErrorFrom(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such method"), "call-2");
  EXPECT_EQ(error.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(error.reason, v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_THAT(error.reason_name, IsEmpty());
  EXPECT_EQ(error.http_status, std::nullopt);
  EXPECT_EQ(error.request_id, "call-2");
}

TEST(Error, KeepsTheNameOfAReasonThatIsNewerThanTheLibrary) {
  const auto error =
      ErrorFrom(StatusBuilder(grpc::StatusCode::ABORTED, "FROM_THE_FUTURE", "").Build());
  EXPECT_EQ(error.reason, v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(error.reason_name, "FROM_THE_FUTURE");
}

TEST(Error, DoesNotTakeTheReasonOfAnotherDomain) {
  google::rpc::ErrorInfo info;
  info.set_domain("envoy");
  info.set_reason("ETAG_MISMATCH");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  const auto error =
      ErrorFrom(grpc::Status(grpc::StatusCode::ABORTED, "m", details.SerializeAsString()));
  EXPECT_THAT(error.reason_name, IsEmpty());
}

TEST(Error, SurvivesDetailsThatAreNotAStatus) {
  const auto error = ErrorFrom(grpc::Status(grpc::StatusCode::ABORTED, "m", "\xff\xff\xff"));
  EXPECT_EQ(error.code, grpc::StatusCode::ABORTED);
  EXPECT_EQ(error.message, "m");
}

TEST(Error, NamesEveryCode) {
  EXPECT_EQ(CodeName(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(CodeName(grpc::StatusCode::CANCELLED), "CANCELLED");
  EXPECT_EQ(CodeName(grpc::StatusCode::NOT_FOUND), "NOT_FOUND");
  EXPECT_EQ(CodeName(grpc::StatusCode::ABORTED), "ABORTED");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAVAILABLE), "UNAVAILABLE");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
  EXPECT_EQ(CodeName(static_cast<grpc::StatusCode>(77)), "CODE_77");
}

}  // namespace
}  // namespace mutexgroups
