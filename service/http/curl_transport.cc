#include "service/http/curl_transport.h"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/http/curl_loop.h"
#include "service/http/curl_transfer.h"
#include "service/http/http2_hosts.h"
#include "service/http/http2_stream.h"
#include "service/http/kept_connections.h"
#include "service/http/request_check.h"

namespace mutexd::http {
namespace {

// Bounds what clocks can represent; nobody waits this long.
constexpr absl::Duration kMaxTimeout = absl::Hours(24);

absl::Duration ClampTimeout(absl::Duration timeout) {
  return std::clamp(timeout, absl::Milliseconds(1), kMaxTimeout);
}

// A failure shows in every curl_easy_init that follows.
void InitializeLibcurl() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
}

HttpFailure NotSent(HttpFailureKind kind, absl::string_view message) {
  return {.kind = kind, .request_sent = false, .message = std::string(message)};
}

std::string TimeoutMessage(absl::Duration timeout) {
  return absl::StrCat("no complete reply within ", absl::FormatDuration(timeout));
}

constexpr absl::string_view kCancelledMessage = "the request was cancelled";

// One run of a transfer, from start to end or to the end of this object's life.
class TransferRun {
 public:
  // `wake` is cancelled when the run is done.
  TransferRun(std::shared_ptr<CurlLoop> curl, CurlTransfer& transfer, asio::steady_timer& wake)
      : curl_(std::move(curl)), transfer_(transfer) {
    const CURLcode started = curl_->Start(transfer_.handle(), [this, &wake](CURLcode code) {
      code_ = code;
      wake.cancel();
    });
    if (started != CURLE_OK) code_ = started;
  }
  ~TransferRun() { Stop(); }

  TransferRun(const TransferRun&) = delete;
  TransferRun& operator=(const TransferRun&) = delete;

  void Stop() { curl_->Stop(transfer_.handle()); }

  const CurlLoop& curl() const { return *curl_; }

  // Empty while the run goes on.
  std::optional<CURLcode> code() const { return code_; }

 private:
  const std::shared_ptr<CurlLoop> curl_;
  CurlTransfer& transfer_;
  std::optional<CURLcode> code_;
};

// A peer that answers few requests on each connection, and refuses the rest, is asked this often.
constexpr int kMaxHttp2Runs = 20;
// One that ends each connection at once, less often.
constexpr int kMaxHttp2ConnectionsOfARequest = 5;

// One run of an HTTP/2 stream, from start to end or to the end of this object's life.
class StreamRun {
 public:
  StreamRun(Http2Hosts& hosts, Http2Stream& stream)
      : stream_(stream), connection_(hosts.Begin(stream)) {}
  ~StreamRun() { connection_->TakeBack(stream_); }

  StreamRun(const StreamRun&) = delete;
  StreamRun& operator=(const StreamRun&) = delete;

  Http2Connection& connection() { return *connection_; }

 private:
  Http2Stream& stream_;
  const std::shared_ptr<Http2Connection> connection_;
};

}  // namespace

class CurlTransport::Core {
 public:
  Core(const asio::any_io_executor& loop, CurlTransportOptions options, HttpObserver* observer)
      : loop_(loop),
        options_(std::move(options)),
        observer_(observer),
        // Requests that need a fresh connection run apart: they would wait for a place under the
        // cap behind others.
        kept_(loop,
              CurlLoop::Limits{.max_host_connections = options_.max_http1_connections,
                               .max_kept_connections = options_.max_http1_connections},
              options_.max_connection_age),
        fresh_(std::make_shared<CurlLoop>(loop, CurlLoop::Limits{.max_kept_connections = 1})),
        http2_(loop, options_) {}

  // The transport is gone: ends what is under way. Coroutines keep this alive until they notice.
  void Close() {
    observer_ = nullptr;
    kept_.Close();
    fresh_->Close();
    http2_.Close();
  }

  static asio::awaitable<HttpResult> Send(std::shared_ptr<Core> core, HttpRequest request);

 private:
  // By HTTP/2; nothing where the request is to be made in HTTP/1.1.
  static asio::awaitable<std::optional<HttpResult>> SendByHttp2(
      const std::shared_ptr<Core>& core, const HttpRequest& request, asio::steady_timer& wake,
      const asio::cancellation_state& cancellation);

  HttpResult Finish(CurlTransfer& transfer, TransferRun& run, bool cancelled,
                    const HttpRequest& request);
  void OnTimeout(const CurlTransfer& transfer, const CurlLoop& curl, absl::Duration timeout);

  const asio::any_io_executor loop_;
  const CurlTransportOptions options_;
  HttpObserver* observer_;
  KeptConnections kept_;
  const std::shared_ptr<CurlLoop> fresh_;
  Http2Hosts http2_;
};

asio::awaitable<HttpResult> CurlTransport::Core::Send(std::shared_ptr<Core> core,
                                                      HttpRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  const auto cancelled = [&cancellation] {
    return cancellation.cancelled() != asio::cancellation_type::none;
  };
  if (cancelled()) co_return NotSent(HttpFailureKind::kCancelled, kCancelledMessage);
  if (const absl::Status status = CheckRequest(request); !status.ok()) {
    co_return NotSent(HttpFailureKind::kRequest, status.message());
  }
  // Wakes this coroutine: when the time is up, or, being cancelled, when a run is done. libcurl's
  // own time-out does not pass for transfers that wait for a connection.
  asio::steady_timer wake(core->loop_);
  wake.expires_after(absl::ToChronoNanoseconds(ClampTimeout(request.timeout)));
  if (core->http2_.MaySpeakHttp2(request)) {
    std::optional<HttpResult> result = co_await SendByHttp2(core, request, wake, cancellation);
    if (result) co_return *std::move(result);
  }

  CurlTransfer transfer(request, core->options_);
  if (transfer.handle() == nullptr) {
    co_return NotSent(HttpFailureKind::kRequest, "libcurl cannot be set up");
  }
  TransferRun run(request.fresh_connection ? core->fresh_ : core->kept_.Current(), transfer, wake);
  if (!run.code()) {
    asio::error_code ignored;
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return core->Finish(transfer, run, cancelled(), request);
}

asio::awaitable<std::optional<HttpResult>> CurlTransport::Core::SendByHttp2(
    const std::shared_ptr<Core>& core, const HttpRequest& request, asio::steady_timer& wake,
    const asio::cancellation_state& cancellation) {
  Http2Stream stream(request, [&wake] { wake.cancel(); });
  std::optional<StreamRun> run;
  for (int runs = 1;; ++runs) {
    run.emplace(core->http2_, stream);
    if (!stream.has_ended()) {
      asio::error_code ignored;
      co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    if (cancelled || !stream.has_ended()) {
      const absl::Duration timeout = ClampTimeout(request.timeout);
      if (!cancelled && stream.status() == 0) run->connection().OnSilence(timeout / 2);
      run.reset();
      if (core->observer_ != nullptr) core->observer_->OnTransferEnd(stream.Stats());
      HttpFailure failure;
      failure.kind = cancelled ? HttpFailureKind::kCancelled : HttpFailureKind::kTimeout;
      failure.request_sent = stream.sent;
      failure.status = stream.status();
      failure.message = cancelled ? std::string(kCancelledMessage) : TimeoutMessage(timeout);
      co_return failure;
    }
    const bool again = stream.end() == Http2Stream::End::kNotProcessed && runs < kMaxHttp2Runs &&
                       stream.stats.connections_opened < kMaxHttp2ConnectionsOfARequest;
    if (!again) break;
  }
  if (stream.end() == Http2Stream::End::kNotHttp2) {
    core->http2_.OnHttp1(request);
    // A write that was sent is not sent again: this end does not promise that nobody processed it.
    if (!stream.sent || request.method == HttpMethod::kGet) co_return std::nullopt;
  }
  if (core->observer_ != nullptr) core->observer_->OnTransferEnd(stream.Stats());
  co_return stream.TakeResult();
}

HttpResult CurlTransport::Core::Finish(CurlTransfer& transfer, TransferRun& run, bool cancelled,
                                       const HttpRequest& request) {
  const bool timed_out = !run.code() && !cancelled;
  run.Stop();
  if (observer_ != nullptr) observer_->OnTransferEnd(transfer.Stats());
  const CURLcode code = run.code().value_or(CURLE_ABORTED_BY_CALLBACK);
  if (timed_out) {
    if (!request.fresh_connection) OnTimeout(transfer, run.curl(), ClampTimeout(request.timeout));
    return transfer.StoppedResult(HttpFailureKind::kTimeout,
                                  TimeoutMessage(ClampTimeout(request.timeout)));
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return transfer.StoppedResult(HttpFailureKind::kCancelled, std::string(kCancelledMessage));
  }
  if (code == CURLE_OK && !request.fresh_connection) kept_.OnAnswer(run.curl());
  return transfer.TakeResult(code);
}

// Where others have been answered in the second half of the time, the connection is alive.
void CurlTransport::Core::OnTimeout(const CurlTransfer& transfer, const CurlLoop& curl,
                                    absl::Duration timeout) {
  if (!transfer.WaitedInVain()) return;
  kept_.OnSilence(curl,
                  asio::steady_timer::clock_type::now() - absl::ToChronoNanoseconds(timeout / 2));
}

CurlTransport::CurlTransport(const asio::any_io_executor& loop, CurlTransportOptions options,
                             HttpObserver* observer) {
  InitializeLibcurl();
  core_ = std::make_shared<Core>(loop, std::move(options), observer);
}

CurlTransport::~CurlTransport() { core_->Close(); }

asio::awaitable<HttpResult> CurlTransport::Send(HttpRequest request) {
  return Core::Send(core_, std::move(request));
}

}  // namespace mutexd::http
