#include "tests/fakes/fake_transport.h"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::fakes {

void FakeTransport::Answer(int status, std::string body, std::vector<http::HttpHeader> headers) {
  http::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  Answer(http::HttpResult(std::move(response)));
}

void FakeTransport::Answer(http::HttpResult result) {
  AnswerBy([result = std::move(result)](const http::HttpRequest&) { return result; });
}

void FakeTransport::AnswerBy(Script script) { steps_.emplace_back(std::move(script)); }

void FakeTransport::Hang(http::HttpFailure on_cancel) {
  steps_.emplace_back(Hanging{std::move(on_cancel)});
}

asio::awaitable<http::HttpResult> FakeTransport::Send(http::HttpRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  requests_.push_back(std::move(request));
  if (steps_.empty()) {
    const http::HttpRequest& unexpected = requests_.back();
    co_return http::HttpFailure{
        http::HttpFailureKind::kRequest, false, 0,
        absl::StrCat("no answer was scripted for ", http::HttpMethodName(unexpected.method), " ",
                     unexpected.url)};
  }
  Step step = std::move(steps_.front());
  steps_.pop_front();
  if (const auto* script = std::get_if<Script>(&step)) co_return (*script)(requests_.back());
  ++hanging_;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer never(executor, std::chrono::steady_clock::time_point::max());
  asio::error_code error;
  co_await never.async_wait(asio::redirect_error(asio::use_awaitable, error));
  --hanging_;
  co_return std::get<Hanging>(step).on_cancel;
}

}  // namespace mutexd::fakes
