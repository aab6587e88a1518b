#include "service/amplitude/etag.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mutexd::amplitude {
namespace {

namespace v1 = ::mutexgroups::v1;

// Writes each value so that no two different sequences of values give the same bytes.
class CanonicalBytes {
 public:
  void Add(std::int64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(value >> shift));
  }
  void Add(absl::string_view text) {
    Add(static_cast<std::int64_t>(text.size()));
    absl::StrAppend(&bytes_, text);
  }
  template <typename List, typename Value>
  void AddSet(const List& list, Value*) {
    std::vector<Value> sorted(list.begin(), list.end());
    std::sort(sorted.begin(), sorted.end());
    Add(static_cast<std::int64_t>(sorted.size()));
    for (const Value& value : sorted) Add(value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

void AddSlot(const v1::Slot& slot, CanonicalBytes& bytes) {
  bytes.Add(slot.index());
  bytes.Add(slot.name());
  bytes.Add(slot.variant_key());
  bytes.Add(slot.percentage());
  bytes.AddSet(slot.experiment_ids(), static_cast<std::int64_t*>(nullptr));
  bytes.AddSet(slot.holdout_ids(), static_cast<std::int64_t*>(nullptr));
  bytes.AddSet(slot.individuals(), static_cast<absl::string_view*>(nullptr));
  bytes.AddSet(slot.cohorts(), static_cast<absl::string_view*>(nullptr));
}

}  // namespace

std::string Etag(const v1::MutexGroup& group) {
  CanonicalBytes bytes;
  bytes.Add(group.id());
  bytes.Add(group.project_id());
  bytes.Add(group.key());
  bytes.Add(group.name());
  bytes.Add(group.description());
  bytes.Add(static_cast<std::int64_t>(group.evaluation_mode()));
  bytes.Add(group.bucketing_key());
  bytes.Add(group.bucketing_salt());
  bytes.Add(group.slots_size());
  for (const v1::Slot& slot : group.slots()) AddSlot(slot, bytes);
  bytes.Add(static_cast<std::int64_t>(group.state() == v1::MutexGroup::STATE_ARCHIVED));
  const XXH128_hash_t hash = XXH3_128bits(bytes.bytes().data(), bytes.bytes().size());
  return absl::StrCat("v1-", absl::Hex(hash.high64, absl::kZeroPad16),
                      absl::Hex(hash.low64, absl::kZeroPad16));
}

}  // namespace mutexd::amplitude
