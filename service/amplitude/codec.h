// Amplitude's replies as messages of the API.
//
// What a reply must have is read strictly: a group's `id` and `slots`, a slot's `percentage`, and
// the kinds of a slot's lists, which may be absent or null; also a slot's `index` must not be a
// text that is no number. A group that breaks this is unreadable and named by its JSON path. Any
// other field of a wrong kind is left unset and counted; null counts as absent; unknown fields are
// skipped. Ids may be numbers or texts, whole numbers may be written in any notation or stand in
// texts. Of a name that is repeated the last value counts. Source of the shapes: Amplitude's
// documentation of the Experiment management API, whose tables and examples differ.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/amplitude_types.h"

namespace mutexd::amplitude {

// How often which field, such as "slots.name", had a wrong kind and was left unset. The names live
// as long as the program.
using WrongKinds = std::map<absl::string_view, int>;

// A page of groups: entries and next_cursor are set, the rest is the caller's. Groups that cannot
// be read do not spoil it. Fails with INTERNAL/MALFORMED_AMPLITUDE_REPLY.
absl::StatusOr<std::shared_ptr<FetchedPage>> DecodePage(std::string body, WrongKinds& wrong_kinds);

// One group. Fails with INTERNAL/MALFORMED_AMPLITUDE_REPLY.
absl::StatusOr<std::shared_ptr<FetchedGroup>> DecodeGroup(std::string body,
                                                          WrongKinds& wrong_kinds);

struct CreateReply {
  std::string id;
  std::string url;  // empty where the reply has none
};

// Fails with INTERNAL/MALFORMED_AMPLITUDE_REPLY.
absl::StatusOr<CreateReply> DecodeCreateReply(std::string body, WrongKinds& wrong_kinds);

}  // namespace mutexd::amplitude
