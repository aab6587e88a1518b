#include "service/groups/create_mark.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/amplitude/etag.h"
#include "service/groups/member_lists.h"

namespace mutexd::groups {
namespace {

constexpr std::size_t kMaxSlugBytes = 48;
constexpr std::size_t kKeyDigits = 10;

// 16 hex digits, the same on every machine.
std::string Hash(absl::string_view text) {
  return absl::StrCat(absl::Hex(XXH3_64bits(text.data(), text.size()), absl::kZeroPad16));
}

// "Checkout (v2)" → "checkout-v2": lower-case letters and digits of ASCII, with single dashes
// between.
std::string Slug(absl::string_view name) {
  std::string slug;
  for (const char c : name) {
    if (slug.size() == kMaxSlugBytes) break;
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      slug.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
    } else if (!slug.empty() && slug.back() != '-') {
      slug.push_back('-');
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "mutex-group" : slug;
}

// The fields of `asked` that a create sends.
v1::MutexGroup Sendable(const v1::MutexGroup& asked) {
  v1::MutexGroup group;
  group.set_project_id(asked.project_id());
  group.set_key(asked.key());
  group.set_name(asked.name());
  group.set_description(asked.description());
  group.set_evaluation_mode(asked.evaluation_mode());
  group.set_bucketing_key(asked.bucketing_key());
  group.set_bucketing_salt(asked.bucketing_salt());
  for (const v1::Slot& slot : asked.slots()) {
    v1::Slot* added = group.add_slots();
    added->set_index(group.slots_size());
    added->set_percentage(slot.percentage());
    *added->mutable_experiment_ids() = slot.experiment_ids();
    *added->mutable_holdout_ids() = slot.holdout_ids();
    *added->mutable_individuals() = slot.individuals();
  }
  return group;
}

}  // namespace

MarkedCreate::MarkedCreate(const v1::MutexGroup& asked, absl::string_view request_id)
    : group_(Sendable(asked)), salt_is_mark_(asked.bucketing_salt().empty()) {
  // UUIDs are the same in either case.
  const std::string request_hash = Hash(absl::AsciiStrToLower(request_id));
  // An etag is a hash of exactly the fields that are set here.
  const std::string body_hash = Hash(amplitude::Etag(group_));
  request_mark_ = absl::StrCat("r1-", request_hash, "-");
  if (group_.key().empty()) {
    group_.set_key(absl::StrCat(Slug(group_.name()), "-", request_hash.substr(0, kKeyDigits)));
  }
  if (salt_is_mark_) group_.set_bucketing_salt(absl::StrCat(request_mark_, body_hash));
}

MarkMatch MarkedCreate::Match(const v1::MutexGroup& found) const {
  if (!salt_is_mark_) {
    return EveryFieldEquals(found) ? MarkMatch::kSame : MarkMatch::kOtherRequest;
  }
  if (found.bucketing_salt() == group_.bucketing_salt()) return MarkMatch::kSame;
  return absl::StartsWith(found.bucketing_salt(), request_mark_) ? MarkMatch::kOtherBody
                                                                 : MarkMatch::kOtherRequest;
}

bool MarkedCreate::EveryFieldEquals(const v1::MutexGroup& found) const {
  if (found.project_id() != group_.project_id() || found.key() != group_.key() ||
      found.name() != group_.name() || found.bucketing_salt() != group_.bucketing_salt() ||
      found.slots_size() != group_.slots_size()) {
    return false;
  }
  const bool description_sent = !group_.description().empty();
  if (description_sent && found.description() != group_.description()) return false;
  const bool mode_sent = group_.evaluation_mode() != v1::EVALUATION_MODE_UNSPECIFIED;
  if (mode_sent && found.evaluation_mode() != group_.evaluation_mode()) return false;
  const bool key_sent = !group_.bucketing_key().empty();
  if (key_sent && found.bucketing_key() != group_.bucketing_key()) return false;
  for (int i = 0; i < group_.slots_size(); ++i) {
    if (found.slots(i).percentage() != group_.slots(i).percentage()) return false;
    if (!SameMembers(found.slots(i), group_.slots(i))) return false;
  }
  return true;
}

std::string NewRequestId() {
  std::random_device random;
  const auto next = [&random] {
    return (std::uint64_t{random()} << 32) | static_cast<std::uint32_t>(random());
  };
  const std::uint64_t high = next();
  const std::uint64_t low = next();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffffffffffff);
}

}  // namespace mutexd::groups
