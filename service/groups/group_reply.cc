#include "service/groups/group_reply.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

namespace mutexd::groups {

// The message's own size need not be cached, which SerializeWithCachedSizesToArray would rely on.
amplitude::SharedBytes Serialize(const google::protobuf::MessageLite& message, std::size_t size) {
  return amplitude::SharedBytes::Make(size, [&](char* bytes) {
    google::protobuf::io::ArrayOutputStream array(bytes, static_cast<int>(size));
    google::protobuf::io::CodedOutputStream output(&array);
    message.SerializeWithCachedSizes(&output);
  });
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

std::size_t NestedBytes(std::size_t size) {
  return 1 + google::protobuf::io::CodedOutputStream::VarintSize64(size) + size;
}

absl::Status CheckReplySize(std::size_t bytes, std::size_t max_reply_bytes) {
  if (bytes <= max_reply_bytes) return absl::OkStatus();
  return amplitude::MakeError(
      absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE,
      absl::StrCat("the reply of ", bytes, " bytes is larger than the ", max_reply_bytes,
                   " bytes that the service sends (--max-reply-bytes)"));
}

absl::Status CheckGroupSize(const v1::MutexGroup& group, std::size_t max_reply_bytes) {
  return CheckReplySize(NestedBytes(group.ByteSizeLong()) + kReplyOverheadBytes, max_reply_bytes);
}

}  // namespace mutexd::groups
