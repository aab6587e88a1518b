// Knows whether Amplitude is plainly down, and when to ask again.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/amplitude/backoff.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::amplitude {

struct CircuitOptions {
  // It opens when so many requests have failed, a success taking half of them back: while one
  // request in ten succeeds it stays closed.
  double failures = 20;

  // And only when they have gone on for so long: one lost connection can fail a hundred requests in
  // one moment.
  absl::Duration least_outage = absl::Seconds(3);

  // Failures are forgotten when none came for so long: with little traffic there is no storm to
  // prevent.
  absl::Duration memory = absl::Seconds(30);

  // How long it stays open before the first probe; doubled after each that fails, up to the
  // longest, and then 0.8 to 1.2 of it by chance, so that replicas do not probe together.
  absl::Duration first_wait = absl::Milliseconds(500);
  absl::Duration longest_wait = absl::Seconds(30);
};

// Used on the event loop only.
class Circuit {
 public:
  Circuit(Clock& clock, RandomUnit random, PolicyObserver& observer, CircuitOptions options);

  // What an admitted request must tell in the end.
  enum class Result {
    kReached,  // Amplitude answered
    kOutage,   // it could not be reached, or says that it is out
    kNeither,  // the request was not made, or was cancelled
  };

  // One admitted request.
  struct Admission {
    bool is_probe = false;
  };

  // Nothing when the request must not be made now.
  std::optional<Admission> Admit();

  void Report(Admission admission, Result result);

  // What the last outage said: the error that requests are refused with tells of it.
  void KeepLastFailure(absl::Status failure) { last_failure_status_ = std::move(failure); }
  const absl::Status& last_failure() const { return last_failure_status_; }

  CircuitState state() const { return state_; }

  // How long until the next probe may be made; while one is under way, how long until it is worth
  // asking again.
  absl::Duration TimeToProbe() const;

  // For how long there has been an outage.
  absl::Duration OutageAge() const;

 private:
  void OnOutage(bool of_probe);
  void Open();
  void Close();
  void ChangeTo(CircuitState state);

  Clock& clock_;
  const RandomUnit random_;
  PolicyObserver& observer_;
  const CircuitOptions options_;

  CircuitState state_ = CircuitState::kClosed;
  double failures_ = 0;
  MonotonicTime first_failure_;
  MonotonicTime last_failure_at_;
  absl::Status last_failure_status_;
  absl::Duration wait_;  // of the next opening
  MonotonicTime probe_at_;
};

}  // namespace mutexd::amplitude
