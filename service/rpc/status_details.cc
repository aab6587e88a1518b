#include "service/rpc/status_details.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "service/amplitude/error.h"
#include "service/amplitude/utf8_text.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

constexpr absl::Duration kLongestPushback = absl::Seconds(5);

// Texts in details, which may quote what the caller sent, are clipped to this many bytes.
constexpr std::size_t kMaxDetailTextBytes = 320;

void Clip(std::string* text) {
  text->resize(amplitude::ClipUtf8(*text, kMaxDetailTextBytes).size());
}

// What gRPC's percent-encoding of the message leaves as it is.
bool IsUnescaped(char c) { return c >= 0x20 && c <= 0x7e && c != '%'; }

google::rpc::Status Assemble(const absl::Status& status,
                             const std::optional<google::rpc::BadRequest>& bad_request,
                             absl::string_view rpc_id) {
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(amplitude::ClipUtf8(status.message(), kMaxMessageBytes)));
  // ErrorInfo first: it is what programs look for.
  auto info = amplitude::DetailOf<google::rpc::ErrorInfo>(status);
  if (info) {
    for (auto& [key, value] : *info->mutable_metadata()) Clip(&value);
    wire.add_details()->PackFrom(*info);
  }
  if (bad_request) wire.add_details()->PackFrom(*bad_request);
  auto resource = amplitude::DetailOf<google::rpc::ResourceInfo>(status);
  if (resource) {
    Clip(resource->mutable_resource_name());
    wire.add_details()->PackFrom(*resource);
  }
  status.ForEachPayload([&wire](absl::string_view type_url, const absl::Cord& payload) {
    if (type_url == amplitude::DetailTypeUrl<google::rpc::ErrorInfo>() ||
        type_url == amplitude::DetailTypeUrl<google::rpc::BadRequest>() ||
        type_url == amplitude::DetailTypeUrl<google::rpc::ResourceInfo>()) {
      return;
    }
    auto* detail = wire.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  google::rpc::RequestInfo request;
  request.set_request_id(std::string(rpc_id));
  wire.add_details()->PackFrom(request);
  return wire;
}

// Keeps the first `kept` violations and says how many there were besides.
google::rpc::BadRequest Shortened(const google::rpc::BadRequest& all, int kept) {
  google::rpc::BadRequest shortened;
  for (int i = 0; i < kept; ++i) {
    auto* violation = shortened.add_field_violations();
    *violation = all.field_violations(i);
    Clip(violation->mutable_field());
    Clip(violation->mutable_description());
  }
  const int dropped = all.field_violations_size() - kept;
  if (dropped > 0) {
    shortened.add_field_violations()->set_description(
        absl::StrCat("and ", dropped, " more violations that do not fit into this error"));
  }
  return shortened;
}

}  // namespace

google::rpc::Status ToWire(const absl::Status& status, absl::string_view rpc_id) {
  const auto bad_request = amplitude::DetailOf<google::rpc::BadRequest>(status);
  google::rpc::Status wire = Assemble(status, bad_request, rpc_id);
  if (EncodedTrailerBytes(wire) <= kMaxTrailerBytes || !bad_request) return wire;
  // The most violations that fit, by bisection: each probe assembles the whole error.
  int fits = 0;
  int too_many = bad_request->field_violations_size() + 1;
  while (too_many - fits > 1) {
    const int kept = (fits + too_many) / 2;
    const google::rpc::Status probe = Assemble(status, Shortened(*bad_request, kept), rpc_id);
    (EncodedTrailerBytes(probe) <= kMaxTrailerBytes ? fits : too_many) = kept;
  }
  return Assemble(status, Shortened(*bad_request, fits), rpc_id);
}

std::optional<std::string> RetryPushback(const absl::Status& status, absl::Duration time_left) {
  if (amplitude::ReasonOf(status) == v1::ERROR_REASON_RESPONSE_TOO_LARGE) return "-1";
  if (!absl::IsResourceExhausted(status) && !absl::IsUnavailable(status)) return std::nullopt;
  const std::optional<absl::Duration> delay = amplitude::RetryDelayOf(status);
  if (!delay) return std::nullopt;
  if (*delay > std::min(time_left, kLongestPushback)) return "-1";
  return absl::StrCat(absl::ToInt64Milliseconds(absl::Ceil(*delay, absl::Milliseconds(1))));
}

std::size_t EncodedTrailerBytes(const google::rpc::Status& status) {
  const auto escaped = std::count_if(status.message().begin(), status.message().end(),
                                     [](char c) { return !IsUnescaped(c); });
  const std::size_t message = status.message().size() + 2 * static_cast<std::size_t>(escaped);
  return message + (status.ByteSizeLong() + 2) / 3 * 4;
}

}  // namespace mutexd::rpc
