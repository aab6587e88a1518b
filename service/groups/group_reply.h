// Replies that hold groups without copying them: a message on an arena of its own whose groups stay
// where they were decoded, kept alive together.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/util/time_util.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/shared_bytes.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

using amplitude::FetchedGroup;
using GroupPtr = std::shared_ptr<const FetchedGroup>;

// A reply under construction, and what its groups live on.
template <typename Response>
class GroupReply {
 public:
  GroupReply() : response_(google::protobuf::Arena::CreateMessage<Response>(&arena_)) {}

  Response& operator*() { return *response_; }
  Response* operator->() { return response_; }

  // Keeps the owner of groups that the response points to.
  void Keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

  // The response as a pointer that keeps everything alive.
  static std::shared_ptr<Response> Share(std::shared_ptr<GroupReply> reply) {
    Response* response = reply->response_;
    return std::shared_ptr<Response>(std::move(reply), response);
  }

 private:
  google::protobuf::Arena arena_;
  std::vector<std::shared_ptr<const void>> owners_;
  Response* response_;
};

// A response on an arena never frees or changes what it points to, so it may point to a shared
// group.
inline v1::MutexGroup* Borrow(const v1::MutexGroup* group) {
  return const_cast<v1::MutexGroup*>(group);
}

// A response whose one group is `group`.
template <typename Response>
std::shared_ptr<Response> ReplyWith(GroupPtr group) {
  auto reply = std::make_shared<GroupReply<Response>>();
  (*reply)->unsafe_arena_set_allocated_mutex_group(Borrow(group->group));
  reply->Keep(std::move(group));
  return GroupReply<Response>::Share(std::move(reply));
}

// The wire format of a message of `size` bytes, its ByteSizeLong(); the sizes of what is in it are
// cached.
amplitude::SharedBytes Serialize(const google::protobuf::MessageLite& message, std::size_t size);

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// The bytes that a repeated element or a nested message of `size` bytes takes in a reply.
std::size_t NestedBytes(std::size_t size);

// The bytes of a gRPC message beside its serialized payload, and of `read_time`, `url` and the
// like: what a reply with one group has besides the group.
inline constexpr std::size_t kReplyOverheadBytes = 64;

// OK, or RESOURCE_EXHAUSTED/RESPONSE_TOO_LARGE for a reply of `bytes` bytes.
absl::Status CheckReplySize(std::size_t bytes, std::size_t max_reply_bytes);

// The same for a reply that holds `group` and little else.
absl::Status CheckGroupSize(const v1::MutexGroup& group, std::size_t max_reply_bytes);

}  // namespace mutexd::groups
