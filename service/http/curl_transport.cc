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

// Peers that close each connection after a few requests can refuse many more than libcurl puts up
// with (five times).
constexpr int kMaxRunsOfARead = 4;

// Whether a transfer that ended with `code` may be run again, after so many runs.
bool MayRunAgain(const CurlTransfer& transfer, CURLcode code, int runs) {
  // Cancelling, or losing, the transfer that opens a connection can fail those that wait for it.
  if (transfer.FailedWaitingForAnother(code)) return runs == 1;
  return runs < kMaxRunsOfARead && transfer.ReadWasRefusedTooOften(code);
}

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
        fresh_(std::make_shared<CurlLoop>(loop, CurlLoop::Limits{.max_kept_connections = 1})) {}

  // The transport is gone: ends what is under way. Coroutines keep this alive until they notice.
  void Close() {
    observer_ = nullptr;
    kept_.Close();
    fresh_->Close();
  }

  static asio::awaitable<HttpResult> Send(std::shared_ptr<Core> core, HttpRequest request);

 private:
  HttpResult Finish(CurlTransfer& transfer, TransferRun& run, bool cancelled,
                    const HttpRequest& request);
  void OnAnswer(const CurlTransfer& transfer, const CurlLoop& curl);
  void OnTimeout(const CurlTransfer& transfer, const CurlLoop& curl, absl::Duration timeout);

  const asio::any_io_executor loop_;
  const CurlTransportOptions options_;
  HttpObserver* observer_;
  KeptConnections kept_;
  const std::shared_ptr<CurlLoop> fresh_;
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
  CurlTransfer transfer(request, core->options_);
  if (transfer.handle() == nullptr) {
    co_return NotSent(HttpFailureKind::kRequest, "libcurl cannot be set up");
  }

  // Wakes this coroutine: when the time is up, or, being cancelled, when a run is done. libcurl's
  // own time-out does not pass for transfers that wait for a connection.
  asio::steady_timer wake(core->loop_);
  wake.expires_after(absl::ToChronoNanoseconds(ClampTimeout(request.timeout)));
  std::optional<TransferRun> run;
  for (int runs = 1;; ++runs) {
    run.emplace(request.fresh_connection ? core->fresh_ : core->kept_.Current(), transfer, wake);
    if (!run->code()) {
      asio::error_code ignored;
      co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    const bool again = !cancelled() && run->code() && MayRunAgain(transfer, *run->code(), runs);
    if (!again) break;
  }
  co_return core->Finish(transfer, *run, cancelled(), request);
}

HttpResult CurlTransport::Core::Finish(CurlTransfer& transfer, TransferRun& run, bool cancelled,
                                       const HttpRequest& request) {
  const bool timed_out = !run.code() && !cancelled;
  run.Stop();
  if (observer_ != nullptr) observer_->OnTransferEnd(transfer.Stats());
  const CURLcode code = run.code().value_or(CURLE_ABORTED_BY_CALLBACK);
  if (timed_out) {
    if (!request.fresh_connection) OnTimeout(transfer, run.curl(), ClampTimeout(request.timeout));
    return transfer.StoppedResult(
        HttpFailureKind::kTimeout,
        absl::StrCat("no complete reply within ",
                     absl::FormatDuration(ClampTimeout(request.timeout))));
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return transfer.StoppedResult(HttpFailureKind::kCancelled, std::string(kCancelledMessage));
  }
  if (code == CURLE_OK && !request.fresh_connection) OnAnswer(transfer, run.curl());
  return transfer.TakeResult(code);
}

void CurlTransport::Core::OnAnswer(const CurlTransfer& transfer, const CurlLoop& curl) {
  kept_.OnAnswer(curl);
  // HTTP/1.1 needs a connection for each request under way; with HTTP/2 every further one is waste,
  // and a burst would open one for each request that finds no stream.
  kept_.SetMaxHostConnections(transfer.UsedHttp2() ? options_.max_http2_connections
                                                   : options_.max_http1_connections);
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
