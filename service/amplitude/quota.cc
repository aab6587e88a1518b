#include "service/amplitude/quota.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "service/amplitude/key_source.h"

namespace mutexd::amplitude {
namespace {

constexpr std::size_t kFewKeys = 64;  // not worth forgetting any

}  // namespace

QuotaBook::QuotaBook(QuotaOptions options, Clock& clock, PolicyObserver& observer)
    : surroundings_(std::make_shared<QuotaSurroundings>(
          QuotaSurroundings{.clock = clock, .observer = observer, .options = options})),
      forget_at_(kFewKeys) {}

QuotaBook::~QuotaBook() {
  surroundings_->open = false;
  surroundings_->on_change = nullptr;
}

std::shared_ptr<KeyQuota> QuotaBook::Of(const Credential& credential) {
  const std::shared_ptr<KeyQuota>& quota = Entry(Fingerprint(credential));
  if (!credential.from_caller && surroundings_->of_service != quota.get()) {
    surroundings_->of_service = quota.get();
    quota->TellLeft();
  }
  return quota;
}

DayCounts QuotaBook::Counts() {
  DayCounts counts;
  counts.day = surroundings_->calendar.At(surroundings_->clock.Now());
  for (const auto& [fingerprint, known] : quotas_) {
    if (const std::int64_t made = known.quota->MadeToday(); made > 0)
      counts.made[fingerprint] = made;
  }
  return counts;
}

std::vector<QuotaState> QuotaBook::States() {
  std::vector<QuotaState> states;
  for (const auto& [fingerprint, known] : quotas_) {
    QuotaState state = known.quota->State();
    state.fingerprint = fingerprint;
    state.of_service = known.quota.get() == surroundings_->of_service;
    states.push_back(state);
  }
  std::sort(states.begin(), states.end(), [](const QuotaState& a, const QuotaState& b) {
    return std::tuple(!a.of_service, a.fingerprint) < std::tuple(!b.of_service, b.fingerprint);
  });
  return states;
}

void QuotaBook::Restore(const DayCounts& counts) {
  if (counts.day != surroundings_->calendar.At(surroundings_->clock.Now())) return;
  for (const auto& [fingerprint, made] : counts.made) Entry(fingerprint)->Restore(made);
}

void QuotaBook::NotifyOfChanges(std::function<void()> on_change) {
  surroundings_->on_change = std::move(on_change);
}

const std::shared_ptr<KeyQuota>& QuotaBook::Entry(std::uint64_t fingerprint) {
  auto found = quotas_.find(fingerprint);
  if (found == quotas_.end()) {
    if (quotas_.size() >= forget_at_) Forget();
    if (quotas_.size() >= kMostKeys) ForgetLeastUsed();
    found =
        quotas_.try_emplace(fingerprint, Known{std::make_shared<KeyQuota>(surroundings_)}).first;
  }
  found->second.used = ++uses_;
  return found->second.quota;
}

// Seldom enough that each key costs constant time.
void QuotaBook::Forget() {
  for (auto entry = quotas_.begin(); entry != quotas_.end();) {
    if (entry->second.quota->IsForgettable()) {
      entry = quotas_.erase(entry);
    } else {
      (entry++)->second.quota->Shrink();
    }
  }
  forget_at_ = std::max(kFewKeys, 2 * quotas_.size());
}

// Half of those with nothing under way, so that this too costs each key constant time. Whatever is
// under way holds on to its quota.
void QuotaBook::ForgetLeastUsed() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> idle;  // last use, fingerprint
  for (const auto& [fingerprint, known] : quotas_) {
    const bool in_use =
        known.quota.use_count() > 1 || known.quota.get() == surroundings_->of_service;
    if (!in_use) idle.emplace_back(known.used, fingerprint);
  }
  const auto half = idle.begin() + static_cast<std::ptrdiff_t>((idle.size() + 1) / 2);
  std::nth_element(idle.begin(), half, idle.end());
  for (auto entry = idle.begin(); entry != half; ++entry) quotas_.erase(entry->second);
}

}  // namespace mutexd::amplitude
