// Calls a function when a time has come, for state that no coroutine owns.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>

#include "service/amplitude/clock.h"
#include "service/amplitude/monotonic_time.h"

namespace mutexd::amplitude {

// Rings once for each time that it was set. Whoever has it, and the loop on which it rings, may be
// destroyed in any order: then it does not ring.
class Alarm {
 public:
  // `ring` is called on the event loop and may set the alarm again.
  explicit Alarm(std::function<void()> ring)
      : ring_(std::make_shared<const std::function<void()>>(std::move(ring))) {}
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // When it will ring.
  std::optional<MonotonicTime> set_for() const;

  // Rings at `time`, or when it was to ring anyway, if that is earlier. `clock` must outlive the
  // wait.
  void SetAtLatest(MonotonicTime time, Clock& clock, const asio::any_io_executor& executor);

 private:
  struct Wait;

  static asio::awaitable<void> RingAt(std::shared_ptr<Wait> wait, Clock& clock);

  std::shared_ptr<const std::function<void()>> ring_;
  std::weak_ptr<Wait> wait_;  // owned by its coroutine, and gone with it
};

}  // namespace mutexd::amplitude
