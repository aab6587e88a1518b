// The quota of one management key: its budgets, and who waits for them.
#pragma once

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/amplitude/alarm.h"
#include "service/amplitude/call.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/day_budget.h"
#include "service/amplitude/fair_queue.h"
#include "service/amplitude/policy_observer.h"
#include "service/amplitude/quota_options.h"
#include "service/amplitude/second_window.h"

namespace mutexd::amplitude {

class KeyQuota;
class QuotaTurn;

// What a key has left at a moment. `fingerprint` tells keys apart without telling them.
struct QuotaState {
  std::uint64_t fingerprint = 0;
  bool of_service = false;  // the service's own key
  int second_left = 0;
  int second_limit = 0;
  std::int64_t day_left = 0;
  std::int64_t day_limit = 0;
};

// What the quotas of all keys share. Turns may outlive the book and what it was given: nobody is
// told anything any more once `open` is false.
struct QuotaSurroundings {
  Clock& clock;
  PolicyObserver& observer;
  const QuotaOptions options;
  bool open = true;
  CalendarDay calendar = {};
  std::size_t waiting = 0;               // over all keys
  const KeyQuota* of_service = nullptr;  // the quota of the service's own key
  std::function<void()> on_change = {};  // a day's count has changed; may be null
};

// Made by QuotaBook. On the event loop.
class KeyQuota : public std::enable_shared_from_this<KeyQuota> {
 public:
  explicit KeyQuota(std::shared_ptr<QuotaSurroundings> surroundings);

  // How many requests were made on the day that it is.
  std::int64_t MadeToday();

  // Without whose it is.
  QuotaState State();

  // Requests that were made on this day in an earlier life.
  void Restore(std::int64_t made);

  // Tells the observer what is left, if this is the service's own key.
  void TellLeft();

  // Whether nothing would be lost if this were forgotten, and made anew when it is needed.
  bool IsForgettable();

  // Returns what memory can be had again.
  void Shrink() { second_.Shrink(); }

 private:
  friend class QuotaTurn;
  struct Reservation;

  // The times at which something is decided.
  struct Moment {
    MonotonicTime now;
    absl::Time wall;
  };
  Moment LookAtClock();

  void Ask(QuotaTurn& turn);
  void Leave(QuotaTurn& turn);
  void End(QuotaTurn& turn);
  void Pause(absl::Duration delay);

  bool MayStartNow(MonotonicTime now) const;
  MonotonicTime WhenTurnComes(std::size_t turns_before, MonotonicTime now) const;
  absl::Status CheckDay(const QuotaTurn& turn, const Moment& moment) const;
  absl::Status CheckTurn(const QuotaTurn& turn, std::size_t turns_before, MonotonicTime now) const;
  Reservation* ReservationOf(const Call& call) const;

  void PutAside(Call& call);
  void Start(QuotaTurn& turn, MonotonicTime now);
  void CountOne(const Call& call);
  void RefuseWaiting(QuotaTurn& turn, absl::Status status, Budget budget);
  void TellQueue(int change);

  void ServeQueue();
  void RefuseWhoCannotWait(MonotonicTime now);
  bool WantsAlarm(MonotonicTime now) const;
  void SetAlarm(const asio::any_io_executor& executor);

  const std::shared_ptr<QuotaSurroundings> surroundings_;
  SecondWindow second_;
  DayBudget day_;
  FairQueue queue_;
  MonotonicTime paused_until_ = MonotonicTime::min();  // by Amplitude
  std::optional<asio::any_io_executor> executor_;      // of the last who waited
  Alarm alarm_;
};

}  // namespace mutexd::amplitude
