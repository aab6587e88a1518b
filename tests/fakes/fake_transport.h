// An HttpTransport whose answers a test writes down beforehand.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "service/http/http_transport.h"

namespace mutexd::fakes {

// Answers requests in order with what was scripted. A request that nothing was scripted for fails
// with HttpFailureKind::kRequest and a message that says so.
class FakeTransport final : public http::HttpTransport {
 public:
  using Script = std::function<http::HttpResult(const http::HttpRequest&)>;

  void Answer(int status, std::string body, std::vector<http::HttpHeader> headers = {});
  void Answer(http::HttpResult result);

  // Calls `script` when the request comes.
  void AnswerBy(Script script);

  // The request is not answered: it ends when its coroutine is cancelled, with `on_cancel`.
  void Hang(http::HttpFailure on_cancel = {http::HttpFailureKind::kCancelled, true, 0,
                                           "cancelled"});

  // All requests so far, in order.
  const std::vector<http::HttpRequest>& requests() const { return requests_; }

  // How many of the scripted answers nobody has asked for yet.
  std::size_t answers_left() const { return steps_.size(); }

  // How many requests hang.
  int hanging() const { return hanging_; }

  asio::awaitable<http::HttpResult> Send(http::HttpRequest request) override;

 private:
  struct Hanging {
    http::HttpFailure on_cancel;
  };
  using Step = std::variant<Script, Hanging>;

  std::deque<Step> steps_;
  std::vector<http::HttpRequest> requests_;
  int hanging_ = 0;
};

}  // namespace mutexd::fakes
