// What the tests of CurlTransport share: an event loop, a transport on it, and its observer's
// notes.
#pragma once

#include <gtest/gtest.h>

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/http/curl_transport.h"

namespace mutexd::http {

class RecordingObserver final : public HttpObserver {
 public:
  void OnTransferEnd(const HttpTransferStats& stats) override { stats_.push_back(stats); }

  const std::vector<HttpTransferStats>& stats() const { return stats_; }
  int connections_opened() const;

 private:
  std::vector<HttpTransferStats> stats_;
};

// A Send under way, which its test may cancel.
struct PendingSend {
  asio::cancellation_signal cancel;
  std::optional<HttpResult> result;
};

class TransportTest : public ::testing::Test {
 protected:
  // No proxies from the environment of whoever runs the tests.
  TransportTest();

  // Made with `options_` when first asked for.
  CurlTransport& transport();

  // Sends and runs the loop until all is done that was begun.
  HttpResult Fetch(HttpRequest request);
  HttpResult Fetch(std::string url);

  // Starts, for a later RunLoop().
  std::unique_ptr<PendingSend> Start(HttpRequest request);

  // Until what was started is done. What the transport keeps, it keeps watching.
  void RunLoop();

  asio::io_context loop_;
  CurlTransportOptions options_;
  RecordingObserver observer_;
  std::optional<CurlTransport> transport_;

 private:
  int under_way_ = 0;
};

HttpRequest Get(std::string url);
HttpRequest Post(std::string url, std::string body);

// The response or the failure; if it is the other, the test fails and what is returned is empty.
HttpResponse ResponseOf(const HttpResult& result);
HttpFailure FailureOf(const HttpResult& result);
HttpFailure FailureOf(const std::optional<HttpResult>& result);

}  // namespace mutexd::http
