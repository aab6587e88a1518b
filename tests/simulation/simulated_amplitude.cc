#include "tests/simulation/simulated_amplitude.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace mutexd::simulation {
namespace {

constexpr absl::Duration kSecond = absl::Seconds(1);

http::HttpFailure Failure(http::HttpFailureKind kind, bool sent, absl::string_view message) {
  http::HttpFailure failure;
  failure.kind = kind;
  failure.request_sent = sent;
  failure.message = std::string(message);
  return failure;
}

http::HttpResponse Response(int status, std::string body) {
  http::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

sandbox::ApiRequest ToApiRequest(const http::HttpRequest& request) {
  sandbox::ApiRequest api;
  api.method = std::string(http::HttpMethodName(request.method));
  absl::string_view target = request.url;
  absl::ConsumePrefix(&target, "https://amplitude.test");
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  api.path = std::string(parts.first);
  for (const absl::string_view pair : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> field = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    api.query.insert(field);
  }
  for (const http::HttpHeader& header : request.headers) {
    if (header.name == "Authorization") api.authorization = header.value;
    if (header.name == "Content-Type") api.content_type = header.value;
  }
  api.host = "amplitude.test";
  api.body = request.body;
  return api;
}

}  // namespace

SimulatedAmplitude::SimulatedAmplitude(amplitude::Clock& clock, Options options, std::uint64_t seed)
    : clock_(clock),
      options_(options),
      random_(seed),
      store_({.now = [&clock] { return clock.Now(); },
              .new_salt = [this] { return absl::StrCat("salt", ++salts_); }},
             {}) {}

asio::awaitable<http::HttpResult> SimulatedAmplitude::Send(http::HttpRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool write = request.method != http::HttpMethod::kGet;
  if (InOutage()) {
    ++refused_in_outage;
    co_return Failure(http::HttpFailureKind::kConnect, false, "connection refused");
  }
  const bool lost_before = Chance(options_.lost_before);
  const bool lost_after = Chance(options_.lost_after);
  const bool there = co_await Travel();
  if (!there) co_return Failure(http::HttpFailureKind::kCancelled, true, "cancelled");
  if (lost_before || InOutage()) {
    ++lost;
    co_return Failure(http::HttpFailureKind::kConnectionLost, true, "connection reset");
  }
  http::HttpResult result = Answer(request);
  if (lost_after) {
    ++lost;
    if (write) co_await Travel();
    co_return Failure(http::HttpFailureKind::kConnectionLost, true, "connection reset");
  }
  const bool back = co_await Travel();
  if (!back) co_return Failure(http::HttpFailureKind::kCancelled, true, "cancelled");
  co_return result;
}

http::HttpResult SimulatedAmplitude::Answer(const http::HttpRequest& request) {
  ++requests;
  if (!Admit()) {
    ++limited;
    return Response(429, R"({"error":"too many requests"})");
  }
  if (Chance(options_.unavailable)) return Response(503, "<html>Service Unavailable</html>");
  sandbox::ApiReply reply = endpoints_.Handle(ToApiRequest(request));
  return Response(reply.status, std::move(reply.body));
}

// One way: 10 to 60 ms.
asio::awaitable<bool> SimulatedAmplitude::Travel() {
  const auto milliseconds = std::uniform_int_distribution<int>(10, 60)(random_);
  return clock_.Sleep(absl::Milliseconds(milliseconds));
}

bool SimulatedAmplitude::Admit() {
  const amplitude::MonotonicTime now = clock_.MonotonicNow();
  while (!last_second_.empty() &&
         now - last_second_.front() >= absl::ToChronoNanoseconds(kSecond)) {
    last_second_.pop_front();
  }
  const std::int64_t day = absl::ToUnixSeconds(clock_.Now()) / (24 * 60 * 60);
  if (std::exchange(day_, day) != day) in_day_ = 0;
  last_second_.push_back(now);
  ++in_day_;
  most_in_a_second = std::max(most_in_a_second, static_cast<std::int64_t>(last_second_.size()));
  most_in_a_day = std::max(most_in_a_day, in_day_);
  return static_cast<std::int64_t>(last_second_.size()) <= options_.per_second &&
         in_day_ <= options_.per_day;
}

bool SimulatedAmplitude::InOutage() const {
  const absl::Time now = clock_.Now();
  return now >= options_.outage_begin && now < options_.outage_begin + options_.outage;
}

bool SimulatedAmplitude::Chance(double probability) {
  return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

}  // namespace mutexd::simulation
