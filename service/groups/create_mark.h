// How a create is told from another: the key and the salt that the service gives a group.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

// What the salt of a group says of the create that is looked for.
enum class MarkMatch {
  kSame,         // made by this request
  kOtherBody,    // made by the same request id with another body
  kOtherRequest  // made by another request, or not by this service
};

// A create with its key and salt filled in where the caller gave none.
//
// Without a key the key is `<slug of the name>-<10 hex digits of the hash of the request id>`;
// without a salt the salt is `r1-<hash of the request id>-<hash of the body>`. So a repeated
// request names the same group, and the group tells which request made it.
class MarkedCreate {
 public:
  // `asked` has been validated, and `request_id` is not empty. Output-only fields are left out.
  MarkedCreate(const v1::MutexGroup& asked, absl::string_view request_id);

  // What is sent to Amplitude: slots numbered, key and salt set.
  const v1::MutexGroup& group() const { return group_; }

  // Whether `found`, which has this create's key, was made by it. A caller's own salt is no mark:
  // then every field that was sent must be equal, an absent member list of a slot meaning none.
  MarkMatch Match(const v1::MutexGroup& found) const;

 private:
  bool EveryFieldEquals(const v1::MutexGroup& found) const;

  v1::MutexGroup group_;
  std::string request_mark_;  // the part of the salt that names the request
  bool salt_is_mark_;
};

// A new random UUID (version 4), for a create without a request id.
std::string NewRequestId();

}  // namespace mutexd::groups
