#include "service/app/watched_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/worker_pool.h"

namespace mutexd::app {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

}  // namespace

WatchedFile::WatchedFile(std::string what, std::string path, ReadFile read_file, Use use,
                         telemetry::Log& log)
    : what_(std::move(what)),
      path_(std::move(path)),
      read_file_(std::move(read_file)),
      use_(std::move(use)),
      log_(log) {}

absl::Status WatchedFile::Open() {
  const auto text = read_file_(path_);
  if (!text.ok()) return text.status();
  absl::Status used = use_(*text, /*changed=*/false);
  if (used.ok()) in_use_ = *text;
  return used;
}

WatchedFile::Look WatchedFile::Read() {
  const std::uint64_t number = ++looks_begun_;
  return {number, read_file_(path_)};
}

void WatchedFile::Take(Look look) {
  if (look.number < last_taken_) return;
  last_taken_ = look.number;
  if (!look.text.ok()) return Warn(look.text.status().message());
  if (look.text.value() == in_use_) {
    problem_.clear();
    return;
  }
  const absl::Status used = use_(*look.text, /*changed=*/in_use_.has_value());
  if (!used.ok()) return Warn(used.message());
  problem_.clear();
  in_use_ = *std::move(look.text);
}

asio::awaitable<void> WatchedFile::LookNow(asio::thread_pool& workers) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Look look = co_await amplitude::RunOnPool(workers, [this] { return Read(); });
  Take(std::move(look));
}

asio::awaitable<void> WatchedFile::Watch(amplitude::Clock& clock, asio::thread_pool& workers) {
  co_await asio::this_coro::throw_if_cancelled(false);
  // Without a variable of its own g++ 12 lays this coroutine's frame out wrongly.
  bool elapsed = co_await clock.Sleep(kInterval);
  while (elapsed) {
    co_await LookNow(workers);
    elapsed = co_await clock.Sleep(kInterval);
  }
}

void WatchedFile::Warn(absl::string_view problem) {
  if (problem == problem_) return;
  problem_ = std::string(problem);
  log_.Write(telemetry::LogLevel::kWarning,
             absl::StrCat("the ", what_, " cannot be used; what it held before stays in force"),
             {{"path", path_}, {"error", problem}});
}

}  // namespace mutexd::app
