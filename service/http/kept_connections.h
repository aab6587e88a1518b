// Which connections a new request may use. Internal to this folder.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "service/http/curl_loop.h"

namespace mutexd::http {

// Hands out a CurlLoop, whose connections are kept for later requests, until they are too old or
// seem dead; then another one. libcurl would try the dead ones one after the other. What is under
// way stays where it is, and the connections of a loop that was left are closed with the last of
// its transfers.
class KeptConnections {
 public:
  using TimePoint = asio::steady_timer::time_point;

  KeptConnections(asio::any_io_executor loop, CurlLoop::Limits limits, absl::Duration max_age);

  // For a transfer that starts now.
  std::shared_ptr<CurlLoop> Current();

  // A transfer of `loop` has ended with a reply.
  void OnAnswer(const CurlLoop& loop);

  // A transfer of `loop` has waited in vain: unless there was an answer for another since
  // `silent_since`, nobody else goes there.
  void OnSilence(const CurlLoop& loop, TimePoint silent_since);

  // Ends all transfers.
  void Close();

 private:
  void Leave();

  const asio::any_io_executor loop_;
  const CurlLoop::Limits limits_;
  const absl::Duration max_age_;
  bool closed_ = false;

  std::shared_ptr<CurlLoop> current_;  // made when first needed
  TimePoint made_at_;
  TimePoint last_answer_;
  std::vector<std::weak_ptr<CurlLoop>> left_;
};

}  // namespace mutexd::http
