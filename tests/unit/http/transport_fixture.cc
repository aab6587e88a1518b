#include "tests/unit/http/transport_fixture.h"

#include <stdlib.h>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace mutexd::http {

int RecordingObserver::connections_opened() const {
  int opened = 0;
  for (const HttpTransferStats& stats : stats_) opened += stats.connections_opened;
  return opened;
}

TransportTest::TransportTest() {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                           "no_proxy", "NO_PROXY"}) {
    ::unsetenv(name);
  }
}

CurlTransport& TransportTest::transport() {
  if (!transport_) transport_.emplace(loop_.get_executor(), options_, &observer_);
  return *transport_;
}

HttpResult TransportTest::Fetch(HttpRequest request) {
  const std::unique_ptr<PendingSend> pending = Start(std::move(request));
  RunLoop();
  if (!pending->result) {
    ADD_FAILURE() << "the loop ran out of work before the request was done";
    return HttpFailure{};
  }
  return *std::move(pending->result);
}

HttpResult TransportTest::Fetch(std::string url) { return Fetch(Get(std::move(url))); }

std::unique_ptr<PendingSend> TransportTest::Start(HttpRequest request) {
  auto pending = std::make_unique<PendingSend>();
  ++under_way_;
  asio::co_spawn(loop_, transport().Send(std::move(request)),
                 asio::bind_cancellation_slot(
                     pending->cancel.slot(),
                     [this, result = &pending->result](std::exception_ptr error, HttpResult value) {
                       EXPECT_EQ(error, nullptr) << "Send threw";
                       --under_way_;
                       *result = std::move(value);
                     }));
  return pending;
}

void TransportTest::RunLoop() {
  loop_.restart();
  while (under_way_ > 0 && loop_.run_one() > 0) {
  }
  loop_.poll();
}

HttpRequest Get(std::string url) { return {.method = HttpMethod::kGet, .url = std::move(url)}; }

HttpRequest Post(std::string url, std::string body) {
  return {.method = HttpMethod::kPost, .url = std::move(url), .body = std::move(body)};
}

HttpResponse ResponseOf(const HttpResult& result) {
  if (const auto* response = std::get_if<HttpResponse>(&result)) return *response;
  const auto& failure = std::get<HttpFailure>(result);
  ADD_FAILURE() << "failed with " << HttpFailureKindName(failure.kind) << ": " << failure.message;
  return {};
}

HttpFailure FailureOf(const HttpResult& result) {
  if (const auto* failure = std::get_if<HttpFailure>(&result)) return *failure;
  const auto& response = std::get<HttpResponse>(result);
  ADD_FAILURE() << "succeeded with status " << response.status << ", body of "
                << response.body.size() << " bytes: " << response.body.substr(0, 200);
  return {};
}

HttpFailure FailureOf(const std::optional<HttpResult>& result) {
  if (result) return FailureOf(*result);
  ADD_FAILURE() << "not done";
  return {};
}

}  // namespace mutexd::http
