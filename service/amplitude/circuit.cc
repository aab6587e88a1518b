#include "service/amplitude/circuit.h"

#include <algorithm>
#include <utility>

namespace mutexd::amplitude {

Circuit::Circuit(Clock& clock, RandomUnit random, PolicyObserver& observer, CircuitOptions options)
    : clock_(clock),
      random_(std::move(random)),
      observer_(observer),
      options_(options),
      wait_(options.first_wait) {}

std::optional<Circuit::Admission> Circuit::Admit() {
  if (state_ == CircuitState::kClosed) return Admission{};
  if (state_ == CircuitState::kHalfOpen || clock_.MonotonicNow() < probe_at_) return std::nullopt;
  ChangeTo(CircuitState::kHalfOpen);
  return Admission{.is_probe = true};
}

void Circuit::Report(Admission admission, Result result) {
  // What was admitted before the circuit opened says nothing new, unless it is good news.
  const bool late = state_ != CircuitState::kClosed && !admission.is_probe;
  switch (result) {
    case Result::kReached:
      if (state_ != CircuitState::kClosed) return Close();
      failures_ /= 2;
      return;
    case Result::kOutage:
      if (!late) OnOutage(admission.is_probe);
      return;
    case Result::kNeither:
      // The probe has told nothing: the next request is the next probe. The observer need not know,
      // and may be gone: this comes also from coroutines that are destroyed with their loop.
      if (admission.is_probe && state_ == CircuitState::kHalfOpen) state_ = CircuitState::kOpen;
      return;
  }
}

void Circuit::OnOutage(bool of_probe) {
  const MonotonicTime now = clock_.MonotonicNow();
  if (of_probe) {
    if (state_ == CircuitState::kHalfOpen) Open();
    return;
  }
  const bool forgotten = now - last_failure_at_ > absl::ToChronoNanoseconds(options_.memory);
  if (failures_ < 1 || forgotten) {
    failures_ = 0;
    first_failure_ = now;
  }
  last_failure_at_ = now;
  failures_ += 1;
  if (failures_ >= options_.failures && OutageAge() >= options_.least_outage) Open();
}

void Circuit::Open() {
  const absl::Duration wait = wait_ * (0.8 + 0.4 * random_());
  wait_ = std::min(wait_ * 2, options_.longest_wait);
  probe_at_ = clock_.MonotonicNow() + absl::ToChronoNanoseconds(wait);
  ChangeTo(CircuitState::kOpen);
}

void Circuit::Close() {
  failures_ = 0;
  wait_ = options_.first_wait;
  ChangeTo(CircuitState::kClosed);
}

void Circuit::ChangeTo(CircuitState state) {
  state_ = state;
  observer_.OnCircuitChange(state,
                            state == CircuitState::kOpen ? TimeToProbe() : absl::ZeroDuration());
}

absl::Duration Circuit::TimeToProbe() const {
  if (state_ == CircuitState::kHalfOpen) return options_.first_wait;
  return std::max(absl::FromChrono(probe_at_ - clock_.MonotonicNow()), absl::ZeroDuration());
}

absl::Duration Circuit::OutageAge() const {
  return absl::FromChrono(clock_.MonotonicNow() - first_failure_);
}

}  // namespace mutexd::amplitude
