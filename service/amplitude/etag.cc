#include "service/amplitude/etag.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace mutexd::amplitude {
namespace {

namespace v1 = ::mutexgroups::v1;

// Writes each value so that no two different sequences of values give the same bytes.
class CanonicalBytes {
 public:
  void Add(std::int64_t value) {
    // The lowest byte first, on every machine.
    if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
    Append(&value, sizeof value);
  }
  void Add(absl::string_view text) {
    Add(static_cast<std::int64_t>(text.size()));
    Append(text.data(), text.size());
  }
  void AddSet(const google::protobuf::RepeatedField<std::int64_t>& list) {
    Add(static_cast<std::int64_t>(list.size()));
    AddInOrder(list.data(), list.data() + list.size());
  }
  void AddSet(const google::protobuf::RepeatedPtrField<std::string>& list) {
    Add(static_cast<std::int64_t>(list.size()));
    if (list.empty()) return;  // as most are
    const absl::InlinedVector<absl::string_view, 16> views(list.begin(), list.end());
    AddInOrder(views.begin(), views.end());
  }
  absl::string_view bytes() const { return {begin_, size_}; }

 private:
  template <typename Value>
  void AddInOrder(const Value* begin, const Value* end) {
    if (std::is_sorted(begin, end)) {
      std::for_each(begin, end, [this](const Value& value) { Add(value); });
      return;
    }
    std::vector<Value> sorted(begin, end);
    std::sort(sorted.begin(), sorted.end());
    for (const Value& value : sorted) Add(value);
  }
  void Append(const void* data, std::size_t size) {
    if (size > room_ - size_) Grow(size);
    if (size > 0) std::memcpy(begin_ + size_, data, size);
    size_ += size;
  }
  void Grow(std::size_t needed) {
    const std::size_t room = 2 * (room_ + needed);
    auto larger = std::make_unique<char[]>(room);
    std::memcpy(larger.get(), begin_, size_);
    heap_ = std::move(larger);
    begin_ = heap_.get();
    room_ = room;
  }

  // Enough for nearly every group.
  std::array<char, 4096> stack_;
  std::unique_ptr<char[]> heap_;
  char* begin_ = stack_.data();
  std::size_t room_ = stack_.size();
  std::size_t size_ = 0;
};

char* WriteHex(std::uint64_t value, char* out) {
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[(value >> shift) & 15];
  return out;
}

void AddSlot(const v1::Slot& slot, CanonicalBytes& bytes) {
  bytes.Add(slot.index());
  bytes.Add(slot.name());
  bytes.Add(slot.variant_key());
  bytes.Add(slot.percentage());
  bytes.AddSet(slot.experiment_ids());
  bytes.AddSet(slot.holdout_ids());
  bytes.AddSet(slot.individuals());
  bytes.AddSet(slot.cohorts());
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
  std::array<char, 3 + 32> etag = {'v', '1', '-'};
  WriteHex(hash.low64, WriteHex(hash.high64, etag.data() + 3));
  return std::string(etag.data(), etag.size());
}

}  // namespace mutexd::amplitude
