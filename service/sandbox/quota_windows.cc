#include "service/sandbox/quota_windows.h"

#include <utility>

namespace mutexd::sandbox {
namespace {

constexpr std::int64_t kSecondsPerDay = 24 * 60 * 60;

}  // namespace

QuotaWindows::QuotaWindows(QuotaLimits limits, std::function<absl::Time()> now)
    : limits_(limits), now_(std::move(now)) {}

QuotaWindows::Verdict QuotaWindows::Admit(absl::string_view key) {
  const std::lock_guard lock(mutex_);
  const std::int64_t second = absl::ToUnixSeconds(now_());
  if (second / kSecondsPerDay != day_) {
    day_ = second / kSecondsPerDay;
    usage_.clear();
  }
  Usage& usage = usage_[std::string(key)];
  if (usage.second != second) {
    usage.second = second;
    usage.in_second = 0;
  }
  if (limits_.per_day > 0 && usage.in_day >= limits_.per_day) return Verdict::kDaySpent;
  if (limits_.per_second > 0 && usage.in_second >= limits_.per_second) {
    return Verdict::kSecondSpent;
  }
  ++usage.in_second;
  ++usage.in_day;
  return Verdict::kAdmitted;
}

}  // namespace mutexd::sandbox
