#include "service/rpc/status_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "service/amplitude/error.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> DetailTypes(const google::rpc::Status& status) {
  std::vector<std::string> types;
  for (const auto& detail : status.details()) {
    types.push_back(detail.type_url().substr(detail.type_url().rfind('.') + 1));
  }
  return types;
}

template <typename Detail>
Detail DetailIn(const google::rpc::Status& status) {
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.Is<Detail>()) any.UnpackTo(&detail);
  }
  return detail;
}

absl::Status InvalidWith(int violations, std::size_t text_bytes) {
  std::vector<amplitude::FieldViolation> all;
  for (int i = 0; i < violations; ++i) {
    all.push_back({absl::StrCat("mutex_group.slots[", i, "].percentage"),
                   absl::StrCat("slot ", i + 1, std::string(text_bytes, 'x'))});
  }
  return amplitude::InvalidRequest(all);
}

// What gRPC puts on the wire, counted another way.
std::size_t WireBytes(const google::rpc::Status& status) {
  std::size_t bytes = absl::Base64Escape(status.SerializeAsString()).size();
  for (const char c : status.message()) bytes += (c < 0x20 || c > 0x7e || c == '%') ? 3 : 1;
  return bytes;
}

TEST(StatusDetails, CarriesCodeMessageAndDetails) {
  absl::Status status =
      amplitude::MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND,
                           "no such group", {{"http_status", "404"}});
  amplitude::SetResource(status, "mutexgroups.v1.MutexGroup", "7");
  amplitude::SetRetryDelay(status, absl::Seconds(2));
  const google::rpc::Status wire = ToWire(status, "rpc-1");
  EXPECT_EQ(wire.code(), 5);
  EXPECT_EQ(wire.message(), "no such group");
  EXPECT_THAT(DetailTypes(wire),
              ElementsAre("ErrorInfo", "ResourceInfo", "RetryInfo", "RequestInfo"));
  const auto info = DetailIn<google::rpc::ErrorInfo>(wire);
  EXPECT_EQ(info.reason(), "MUTEX_GROUP_NOT_FOUND");
  EXPECT_EQ(info.domain(), "mutexgroups");
  EXPECT_EQ(info.metadata().at("http_status"), "404");
  EXPECT_EQ(DetailIn<google::rpc::ResourceInfo>(wire).resource_name(), "7");
  EXPECT_EQ(DetailIn<google::rpc::RetryInfo>(wire).retry_delay().seconds(), 2);
  EXPECT_EQ(DetailIn<google::rpc::RequestInfo>(wire).request_id(), "rpc-1");
}

TEST(StatusDetails, AStatusWithoutDetailsNamesTheRpc) {
  const google::rpc::Status wire = ToWire(absl::CancelledError("gone"), "rpc-1");
  EXPECT_EQ(wire.code(), 1);
  EXPECT_THAT(DetailTypes(wire), ElementsAre("RequestInfo"));
}

TEST(StatusDetails, AllViolationsThatFitAreThere) {
  const auto bad = DetailIn<google::rpc::BadRequest>(ToWire(InvalidWith(20, 30), "rpc-1"));
  ASSERT_EQ(bad.field_violations_size(), 20);
  EXPECT_EQ(bad.field_violations(2).field(), "mutex_group.slots[2].percentage");
}

TEST(StatusDetails, ViolationsThatDoNotFitAreDroppedAndCounted) {
  const google::rpc::Status wire = ToWire(InvalidWith(1000, 40), "rpc-1");
  const auto bad = DetailIn<google::rpc::BadRequest>(wire);
  const int kept = bad.field_violations_size() - 1;
  ASSERT_GT(kept, 20);
  EXPECT_EQ(bad.field_violations(0).field(), "mutex_group.slots[0].percentage");
  EXPECT_EQ(bad.field_violations(kept).field(), "");
  EXPECT_THAT(bad.field_violations(kept).description(),
              HasSubstr(absl::StrCat("and ", 1000 - kept, " more")));
  EXPECT_LE(WireBytes(wire), kMaxTrailerBytes);
  // As many as fit: another one would not have.
  EXPECT_GT(WireBytes(wire), kMaxTrailerBytes - 200);
  EXPECT_EQ(DetailIn<google::rpc::ErrorInfo>(wire).reason(), "INVALID_REQUEST");
  EXPECT_EQ(DetailIn<google::rpc::RequestInfo>(wire).request_id(), "rpc-1");
}

TEST(StatusDetails, StaysWithinTheSizeWhateverTheTexts) {
  const std::string texts[] = {std::string(100000, 'a'), std::string(100000, '%'),
                               std::string(100000, '\n')};
  for (const std::string& text : texts) {
    for (const int violations : {1, 2, 50, 5000}) {
      absl::Status status = InvalidWith(violations, violations > 100 ? 100 : text.size());
      amplitude::SetResource(status, "mutexgroups.v1.MutexGroup", text);
      amplitude::SetMetadata(status, "mutex_group_id", text);
      amplitude::SetMetadata(status, "url", text);
      amplitude::SetMetadata(status, "current_etag", text);
      amplitude::SetMetadata(status, "http_status", "400");
      const google::rpc::Status wire = ToWire(status, std::string(128, 'r'));
      EXPECT_LE(WireBytes(wire), kMaxTrailerBytes) << violations;
      EXPECT_LE(EncodedTrailerBytes(wire), kMaxTrailerBytes) << violations;
      EXPECT_EQ(DetailIn<google::rpc::ErrorInfo>(wire).reason(), "INVALID_REQUEST");
    }
    absl::Status status = amplitude::MakeError(absl::StatusCode::kUnknown,
                                               v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE, text);
    for (const char* key : {"mutex_group_id", "url", "http_status", "accepted_by_amplitude"}) {
      amplitude::SetMetadata(status, key, text);
    }
    amplitude::SetResource(status, "mutexgroups.v1.MutexGroup", text);
    EXPECT_LE(WireBytes(ToWire(status, std::string(128, 'r'))), kMaxTrailerBytes);
  }
}

TEST(StatusDetails, MessagesAreClippedBetweenTwoCharacters) {
  const std::string euro = "€";  // three bytes
  std::string message;
  for (int i = 0; i < 1000; ++i) message += euro;
  const google::rpc::Status wire = ToWire(absl::InternalError(message), "r");
  EXPECT_EQ(wire.message().size(), 510u);
  EXPECT_EQ(ToWire(absl::InternalError(std::string(512, 'm')), "r").message().size(), 512u);
  EXPECT_EQ(ToWire(absl::InternalError(std::string(513, 'm')), "r").message().size(), 512u);
}

TEST(RetryPushback, IsTheWaitInMillisecondsRoundedUp) {
  absl::Status status = amplitude::MakeError(absl::StatusCode::kResourceExhausted,
                                             v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED, "slow down");
  amplitude::SetRetryDelay(status, absl::Milliseconds(1500));
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "1500");
  amplitude::SetRetryDelay(status, absl::Microseconds(1200));
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "2");
  amplitude::SetRetryDelay(status, absl::Seconds(5));
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "5000");
}

TEST(RetryPushback, ForbidsAWaitOverTheRemainingDeadlineOrFiveSeconds) {
  absl::Status status = amplitude::MakeError(absl::StatusCode::kResourceExhausted,
                                             v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED, "slow down");
  amplitude::SetRetryDelay(status, absl::Milliseconds(5001));
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "-1");
  amplitude::SetRetryDelay(status, absl::Seconds(2));
  EXPECT_EQ(RetryPushback(status, absl::Milliseconds(1999)), "-1");
  EXPECT_EQ(RetryPushback(status, absl::Seconds(2)), "2000");
}

TEST(RetryPushback, TellsWhenAnUnavailableAmplitudeIsAskedAgain) {
  absl::Status status =
      amplitude::MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE,
                           "the circuit is open");
  amplitude::SetRetryDelay(status, absl::Milliseconds(800));
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "800");
}

TEST(RetryPushback, ForbidsToRetryAReplyThatIsTooLarge) {
  const absl::Status status = amplitude::MakeError(
      absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE, "too large");
  EXPECT_EQ(RetryPushback(status, absl::Seconds(10)), "-1");
}

TEST(RetryPushback, IsAbsentOtherwise) {
  absl::Status unavailable = amplitude::MakeError(absl::StatusCode::kUnavailable,
                                                  v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE, "down");
  EXPECT_EQ(RetryPushback(unavailable, absl::Seconds(10)), std::nullopt);
  EXPECT_EQ(RetryPushback(absl::OkStatus(), absl::Seconds(10)), std::nullopt);
}

}  // namespace
}  // namespace mutexd::rpc
