#include "service/http/kept_connections.h"

#include <algorithm>
#include <utility>

namespace mutexd::http {
namespace {

KeptConnections::TimePoint Now() { return asio::steady_timer::clock_type::now(); }

}  // namespace

KeptConnections::KeptConnections(asio::any_io_executor loop, CurlLoop::Limits limits,
                                 absl::Duration max_age)
    : loop_(std::move(loop)), limits_(limits), max_age_(max_age) {}

std::shared_ptr<CurlLoop> KeptConnections::Current() {
  if (current_ != nullptr && absl::FromChrono(Now() - made_at_) >= max_age_) Leave();
  if (current_ == nullptr) {
    current_ = std::make_shared<CurlLoop>(loop_, limits_);
    if (closed_) current_->Close();
    made_at_ = last_answer_ = Now();
  }
  return current_;
}

void KeptConnections::OnAnswer(const CurlLoop& loop) {
  if (&loop == current_.get()) last_answer_ = Now();
}

void KeptConnections::OnSilence(const CurlLoop& loop, TimePoint silent_since) {
  if (&loop == current_.get() && last_answer_ <= silent_since) Leave();
}

void KeptConnections::Close() {
  closed_ = true;
  if (current_ != nullptr) current_->Close();
  for (const std::weak_ptr<CurlLoop>& weak : left_) {
    if (const std::shared_ptr<CurlLoop> loop = weak.lock()) loop->Close();
  }
}

void KeptConnections::Leave() {
  std::erase_if(left_, [](const std::weak_ptr<CurlLoop>& loop) { return loop.expired(); });
  left_.push_back(std::exchange(current_, nullptr));
}

}  // namespace mutexd::http
