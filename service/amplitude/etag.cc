#include "service/amplitude/etag.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mutexd::amplitude {
namespace {

namespace v1 = ::mutexgroups::v1;

// Writes each value so that no two different sequences of values give the same bytes.
class CanonicalBytes {
 public:
  CanonicalBytes() { bytes_.reserve(1024); }

  void Add(std::int64_t value) {
    // The lowest byte first, on every machine.
    if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof bytes);
  }
  void Add(absl::string_view text) {
    Add(static_cast<std::int64_t>(text.size()));
    bytes_.append(text.data(), text.size());
  }
  template <typename List, typename Value>
  void AddSet(const List& list, Value*) {
    Add(static_cast<std::int64_t>(list.size()));
    if (std::is_sorted(list.begin(), list.end())) {
      for (const auto& value : list) Add(value);
      return;
    }
    std::vector<Value> sorted(list.begin(), list.end());
    std::sort(sorted.begin(), sorted.end());
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
