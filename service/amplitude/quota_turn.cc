#include "service/amplitude/quota_turn.h"

#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

#include "service/amplitude/error.h"

namespace mutexd::amplitude {

QuotaTurn::QuotaTurn(std::shared_ptr<KeyQuota> quota, Call& call, bool from_caller)
    : quota_(std::move(quota)), call_(call), from_caller_(from_caller) {
  quota_->Ask(*this);
}

QuotaTurn::~QuotaTurn() {
  if (state_ == State::kWaiting) quota_->Leave(*this);
  if (state_ == State::kUnderWay) quota_->End(*this);
}

bool QuotaTurn::must_wait() const {
  return state_ == State::kWaiting || quota_->WantsAlarm(asked_at_);
}

asio::awaitable<void> QuotaTurn::Wait() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  quota_->SetAlarm(executor);  // may ring at once
  const asio::cancellation_state before = co_await asio::this_coro::cancellation_state;
  if (state_ == State::kWaiting && before.cancelled() == asio::cancellation_type::none) {
    asio::steady_timer wake(executor, asio::steady_timer::time_point::max());
    wake_ = &wake;
    asio::error_code ignored;
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    wake_ = nullptr;
  }
  if (state_ == State::kWaiting) {
    quota_->Leave(*this);
    status_ = absl::CancelledError();
  }
}

void QuotaTurn::CountMore(int requests) {
  for (int i = 0; i < requests; ++i) quota_->CountOne(call_);
}

void QuotaTurn::Heed(const absl::Status& result) {
  if (!absl::IsResourceExhausted(result)) return;
  if (ReasonOf(result) != v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED) return;
  if (const auto delay = RetryDelayOf(result)) quota_->Pause(*delay);
}

}  // namespace mutexd::amplitude
