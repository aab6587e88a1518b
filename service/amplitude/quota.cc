#include "service/amplitude/quota.h"

#include <algorithm>
#include <tuple>
#include <utility>

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
  for (const auto& [fingerprint, quota] : quotas_) {
    if (const std::int64_t made = quota->MadeToday(); made > 0) counts.made[fingerprint] = made;
  }
  return counts;
}

std::vector<QuotaState> QuotaBook::States() {
  std::vector<QuotaState> states;
  for (const auto& [fingerprint, quota] : quotas_) {
    QuotaState state = quota->State();
    state.fingerprint = fingerprint;
    state.of_service = quota.get() == surroundings_->of_service;
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

std::shared_ptr<KeyQuota>& QuotaBook::Entry(std::uint64_t fingerprint) {
  if (const auto found = quotas_.find(fingerprint); found != quotas_.end()) return found->second;
  if (quotas_.size() >= forget_at_) Forget();
  std::shared_ptr<KeyQuota>& quota = quotas_[fingerprint];
  quota = std::make_shared<KeyQuota>(surroundings_);
  return quota;
}

// Seldom enough that each key costs constant time.
void QuotaBook::Forget() {
  for (auto entry = quotas_.begin(); entry != quotas_.end();) {
    if (entry->second->IsForgettable()) {
      entry = quotas_.erase(entry);
    } else {
      (entry++)->second->Shrink();
    }
  }
  forget_at_ = std::max(kFewKeys, 2 * quotas_.size());
}

}  // namespace mutexd::amplitude
