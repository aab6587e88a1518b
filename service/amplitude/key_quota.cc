#include "service/amplitude/key_quota.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "service/amplitude/quota_errors.h"
#include "service/amplitude/quota_turn.h"

namespace mutexd::amplitude {
namespace {

// Amplitude's limits are one of a second and one of a day: who asks for more than this means the
// latter.
constexpr absl::Duration kLongestPauseOfASecond = absl::Hours(1);

std::chrono::nanoseconds Chrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

QuotaTurn& TurnOf(FairQueue::Waiter& waiter) { return static_cast<QuotaTurn&>(waiter); }

std::int64_t Needed(const Call& call) { return std::max(call.requests_needed, 1); }

}  // namespace

// What is put aside for a write; given back with its call.
struct KeyQuota::Reservation {
  Reservation(std::shared_ptr<KeyQuota> its_quota, std::int64_t requests)
      : quota(std::move(its_quota)), left(requests) {
    quota->day_.PutAside(left);
  }
  ~Reservation() { quota->day_.GiveBack(left); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  const std::shared_ptr<KeyQuota> quota;
  std::int64_t left;
};

KeyQuota::KeyQuota(std::shared_ptr<QuotaSurroundings> surroundings)
    : surroundings_(std::move(surroundings)),
      second_(surroundings_->options.per_second),
      day_(surroundings_->options.per_day, surroundings_->options.KeptForWrites()),
      alarm_([this] { ServeQueue(); }) {
  LookAtClock();
}

std::int64_t KeyQuota::MadeToday() {
  LookAtClock();
  return day_.made();
}

QuotaState KeyQuota::State() {
  const Moment moment = LookAtClock();
  second_.Advance(moment.now);
  return {.second_left = second_.free(),
          .second_limit = second_.per_second(),
          .day_left = std::max<std::int64_t>(day_.left(), 0),
          .day_limit = day_.per_day()};
}

void KeyQuota::Restore(std::int64_t made) {
  LookAtClock();
  day_.Restore(made);
  TellLeft();
}

bool KeyQuota::IsForgettable() {
  const Moment moment = LookAtClock();
  return surroundings_->of_service != this && second_.idle() && queue_.empty() &&
         paused_until_ <= moment.now && day_.made() == 0 && day_.put_aside() == 0;
}

void KeyQuota::TellLeft() {
  if (!surroundings_->open || surroundings_->of_service != this) return;
  const bool paused = paused_until_ > surroundings_->clock.MonotonicNow();
  PolicyObserver& observer = surroundings_->observer;
  observer.OnQuotaLeft(Budget::kSecond, paused ? 0 : second_.free());
  const std::int64_t left = std::max<std::int64_t>(day_.per_day() - day_.made(), 0);
  observer.OnQuotaLeft(Budget::kDay, static_cast<double>(left));
}

KeyQuota::Moment KeyQuota::LookAtClock() {
  const Moment moment{surroundings_->clock.MonotonicNow(), surroundings_->clock.Now()};
  second_.Advance(moment.now);
  day_.Begin(surroundings_->calendar.At(moment.wall));
  return moment;
}

// -- one request

void KeyQuota::Ask(QuotaTurn& turn) {
  const Moment moment = LookAtClock();
  turn.asked_at_ = moment.now;
  turn.status_ = CheckDay(turn, moment);
  if (!turn.status_.ok()) {
    surroundings_->observer.OnQuotaRefused(Budget::kDay);
    return;
  }
  PutAside(turn.call_);
  if (queue_.empty() && MayStartNow(moment.now)) {
    Start(turn, moment.now);
    return;
  }
  turn.status_ = CheckTurn(turn, queue_.TurnsBefore(turn.call_.share), moment.now);
  if (!turn.status_.ok()) {
    surroundings_->observer.OnQuotaRefused(Budget::kSecond);
    return;
  }
  queue_.Join(turn, turn.call_.share);
  turn.state_ = QuotaTurn::State::kWaiting;
  TellQueue(+1);
}

void KeyQuota::Leave(QuotaTurn& turn) {
  queue_.Leave(turn);
  turn.state_ = QuotaTurn::State::kRefused;
  TellQueue(-1);
}

void KeyQuota::End(QuotaTurn& turn) {
  if (!surroundings_->open) return;
  const MonotonicTime now = surroundings_->clock.MonotonicNow();
  second_.Advance(now);
  second_.End(turn.permit_, now);
  if (!queue_.empty() && executor_) SetAlarm(*executor_);
}

void KeyQuota::Pause(absl::Duration delay) {
  if (!surroundings_->open || delay <= absl::ZeroDuration()) return;
  const Moment moment = LookAtClock();
  paused_until_ = std::max(paused_until_, moment.now + Chrono(delay));
  if (delay > kLongestPauseOfASecond || moment.wall + delay >= StartOf(day_.day() + 1)) {
    day_.Spend();
    if (surroundings_->on_change) surroundings_->on_change();
  }
  ServeQueue();
  RefuseWhoCannotWait(moment.now);
}

// -- decisions

bool KeyQuota::MayStartNow(MonotonicTime now) const {
  return second_.free() > 0 && paused_until_ <= now;
}

absl::Status KeyQuota::CheckDay(const QuotaTurn& turn, const Moment& moment) const {
  const Call& call = turn.call_;
  RefusedRequest request{turn.from_caller_, call.is_write, 1};
  bool allowed = false;
  if (!call.is_write) {
    allowed = day_.AllowsRead();
  } else if (call.reservation == nullptr) {
    request.requests = Needed(call);
    allowed = day_.AllowsWrite(request.requests);
  } else if (const Reservation* reservation = ReservationOf(call);
             reservation != nullptr && reservation->left > 0) {
    allowed = day_.AllowsReserved();
  } else {
    allowed = day_.AllowsWrite(1);
  }
  if (allowed) return absl::OkStatus();
  return DayIsSpent(request, day_, StartOf(day_.day() + 1) - moment.wall);
}

absl::Status KeyQuota::CheckTurn(const QuotaTurn& turn, std::size_t turns_before,
                                 MonotonicTime now) const {
  const MonotonicTime when = WhenTurnComes(turns_before, now);
  if (when <= turn.call_.deadline) return absl::OkStatus();
  const RefusedRequest request{turn.from_caller_, turn.call_.is_write, 1};
  const absl::Duration wait = absl::FromChrono(when - now);
  return paused_until_ > now ? AmplitudeAsksToWait(request, wait)
                             : SecondIsSpent(request, second_.per_second(), wait);
}

// At the latest: those before it are taken to hold their permits as long as they can, so that who
// is let wait gets its turn.
MonotonicTime KeyQuota::WhenTurnComes(std::size_t turns_before, MonotonicTime now) const {
  const auto turns = static_cast<std::int64_t>(turns_before);
  const int in_first_round = static_cast<int>(turns % second_.per_second());
  const MonotonicTime first = std::max(second_.WhenFree(in_first_round, now), paused_until_);
  return first + turns / second_.per_second() * SecondWindow::kLongestHeld;
}

// Null also when the service's key has changed since: what was put aside was the former key's.
KeyQuota::Reservation* KeyQuota::ReservationOf(const Call& call) const {
  auto* reservation = static_cast<Reservation*>(call.reservation.get());
  return reservation != nullptr && reservation->quota.get() == this ? reservation : nullptr;
}

// -- what follows from them

void KeyQuota::PutAside(Call& call) {
  if (!call.is_write || call.reservation != nullptr) return;
  call.reservation = std::make_shared<Reservation>(shared_from_this(), Needed(call));
}

void KeyQuota::Start(QuotaTurn& turn, MonotonicTime now) {
  turn.state_ = QuotaTurn::State::kUnderWay;
  turn.permit_ = second_.Take(now);
  CountOne(turn.call_);
}

void KeyQuota::CountOne(const Call& call) {
  if (Reservation* reservation = ReservationOf(call);
      reservation != nullptr && reservation->left > 0) {
    --reservation->left;
    day_.GiveBack(1);
  }
  day_.Count();
  TellLeft();
  if (surroundings_->on_change) surroundings_->on_change();
}

void KeyQuota::RefuseWaiting(QuotaTurn& turn, absl::Status status, Budget budget) {
  Leave(turn);
  turn.status_ = std::move(status);
  surroundings_->observer.OnQuotaRefused(budget);
  if (turn.wake_ != nullptr) turn.wake_->cancel();
}

void KeyQuota::TellQueue(int change) {
  surroundings_->waiting += change;
  if (surroundings_->open) surroundings_->observer.OnQuotaQueue(surroundings_->waiting);
}

// -- those who wait

void KeyQuota::ServeQueue() {
  if (!surroundings_->open) return;
  const Moment moment = LookAtClock();
  while (!queue_.empty()) {
    QuotaTurn& turn = TurnOf(*queue_.first());
    if (absl::Status status = CheckDay(turn, moment); !status.ok()) {
      RefuseWaiting(turn, std::move(status), Budget::kDay);
      continue;
    }
    if (!MayStartNow(moment.now)) break;
    queue_.PopFirst();
    TellQueue(-1);
    Start(turn, moment.now);
    surroundings_->observer.OnQuotaWaited(absl::FromChrono(moment.now - turn.asked_at_));
    if (turn.wake_ != nullptr) turn.wake_->cancel();
  }
  TellLeft();
  if (executor_) SetAlarm(*executor_);
}

void KeyQuota::RefuseWhoCannotWait(MonotonicTime now) {
  const MonotonicTime all_free = std::max(paused_until_, now + SecondWindow::kLongestHeld);
  std::int64_t turns_before = 0;
  for (FairQueue::Waiter* waiter : queue_.InOrder()) {
    QuotaTurn& turn = TurnOf(*waiter);
    // Tells it for most, without looking for their permit.
    const auto rounds = turns_before / second_.per_second() * SecondWindow::kLongestHeld;
    const bool in_time = all_free + rounds <= turn.call_.deadline;
    absl::Status status = in_time ? absl::OkStatus() : CheckTurn(turn, turns_before, now);
    if (status.ok()) {
      ++turns_before;
    } else {
      RefuseWaiting(turn, std::move(status), Budget::kSecond);
    }
  }
}

// So that the observer hears when the second's budget is whole again, and the day's.
bool KeyQuota::WantsAlarm(MonotonicTime now) const {
  if (surroundings_->of_service != this) return false;
  const std::optional<MonotonicTime> set_for = alarm_.set_for();
  return !set_for || *set_for > now + SecondWindow::kLongestHeld;
}

void KeyQuota::SetAlarm(const asio::any_io_executor& executor) {
  if (!surroundings_->open) return;
  executor_ = executor;
  const Moment moment = LookAtClock();
  MonotonicTime time;
  if (!queue_.empty()) {
    time = std::max(second_.WhenFree(0, moment.now), paused_until_);
  } else if (surroundings_->of_service != this) {
    return;
  } else if (paused_until_ > moment.now) {
    time = paused_until_;
  } else if (!second_.idle()) {
    time = moment.now + SecondWindow::kLongestHeld;
  } else if (day_.made() > 0) {
    time = moment.now + Chrono(StartOf(day_.day() + 1) - moment.wall);
  } else {
    return;
  }
  alarm_.SetAtLatest(time, surroundings_->clock, executor);
}

}  // namespace mutexd::amplitude
