#include "service/amplitude/amplitude_client.h"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/attempt_timeout.h"
#include "service/amplitude/error.h"
#include "service/amplitude/error_text.h"
#include "service/amplitude/paths.h"
#include "service/amplitude/request_body.h"
#include "service/amplitude/retry_after.h"
#include "service/amplitude/worker_pool.h"

namespace mutexd::amplitude {
namespace {

http::HttpMethod MethodOf(Operation operation) {
  switch (operation) {
    case Operation::kList:
    case Operation::kGet:
      return http::HttpMethod::kGet;
    case Operation::kEdit:
    case Operation::kEditSlot:
      return http::HttpMethod::kPatch;
    case Operation::kCreate:
      break;
  }
  return http::HttpMethod::kPost;
}

absl::Status BadGroupId(const std::string& problem) {
  return InvalidRequest({{"mutex_group_id", problem}});
}

absl::Status Malformed(int http_status, absl::string_view message) {
  return MakeError(absl::StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY, message,
                   {{"http_status", absl::StrCat(http_status)}});
}

absl::Status TooLarge(const http::HttpResponse& response) {
  return Malformed(response.status, absl::StrCat("Amplitude's reply is larger than ",
                                                 http::kDefaultMaxBodyBytes >> 20, " MiB"));
}

// Functions that coroutines hand over as they call, below, capture references only: g++ 12 copies
// the bytes of such temporaries, and what they own is then released twice.

// What a decoder made of a body, and what it had to leave out.
template <typename Result>
struct Decoding {
  Result result;
  WrongKinds wrong_kinds;
};

template <typename Result>
Decoding<Result> Run(Result (*decode)(std::string, WrongKinds&), std::string body,
                     int http_status) {
  WrongKinds wrong_kinds;
  Result result = decode(std::move(body), wrong_kinds);
  if (!result.ok()) {
    absl::Status status = result.status();
    SetMetadata(status, "http_status", absl::StrCat(http_status));
    result = std::move(status);
  }
  return {std::move(result), std::move(wrong_kinds)};
}

}  // namespace

AmplitudeClient::AmplitudeClient(http::HttpTransport& transport, Clock& clock, KeySource& keys,
                                 asio::thread_pool& workers, UpstreamObserver& observer,
                                 AmplitudeClientOptions options)
    : transport_(transport),
      clock_(clock),
      keys_(keys),
      workers_(workers),
      observer_(observer),
      options_(std::move(options)) {}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> AmplitudeClient::List(
    Call& call, ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  query.limit = std::clamp(query.limit, 1, kMaxListLimit);
  for (;;) {
    Request request;
    request.asked.operation = Operation::kList;
    request.path = ListPath(query);
    Exchanged exchanged = co_await Exchange(call, std::move(request));
    if (!exchanged.verdict.status.ok()) co_return exchanged.verdict.status;
    http::HttpResponse& response = exchanged.response;
    if (response.body_truncated) {
      if (query.limit == 1) co_return TooLarge(response);
      query.limit /= 2;
      continue;
    }
    const std::size_t size = response.body.size();
    auto decoding = co_await Decoded(
        size, [&response] { return Run(&DecodePage, std::move(response.body), response.status); });
    Report(Operation::kList, decoding.wrong_kinds);
    if (!decoding.result.ok()) co_return decoding.result.status();
    (*decoding.result)->limit = query.limit;
    (*decoding.result)->read_time = exchanged.read_time;
    (*decoding.result)->asked_at = exchanged.asked_at;
    co_return std::shared_ptr<const FetchedPage>(std::move(*decoding.result));
  }
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> AmplitudeClient::Get(
    Call& call, std::string id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (const auto problem = GroupIdProblem(id)) co_return BadGroupId(*problem);
  Request request;
  request.asked.operation = Operation::kGet;
  request.asked.group_id = id;
  request.path = GroupPath(id);
  Exchanged exchanged = co_await Exchange(call, std::move(request));
  if (!exchanged.verdict.status.ok()) co_return exchanged.verdict.status;
  http::HttpResponse& response = exchanged.response;
  if (response.body_truncated) co_return TooLarge(response);
  const std::size_t size = response.body.size();
  auto decoding = co_await Decoded(
      size, [&response] { return Run(&DecodeGroup, std::move(response.body), response.status); });
  Report(Operation::kGet, decoding.wrong_kinds);
  if (!decoding.result.ok()) co_return decoding.result.status();
  FetchedGroup& fetched = **decoding.result;
  if (fetched.group->id() != id) {
    co_return Malformed(response.status,
                        "Amplitude's reply is another group than the one asked for");
  }
  fetched.read_time = exchanged.read_time;
  fetched.asked_at = exchanged.asked_at;
  co_return std::shared_ptr<const FetchedGroup>(std::move(*decoding.result));
}

asio::awaitable<WriteResult> AmplitudeClient::Edit(Call& call, std::string id, GroupEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (const auto problem = GroupIdProblem(id)) {
    co_return WriteResult{WriteEffect::kNone, BadGroupId(*problem)};
  }
  Request request;
  request.asked.operation = Operation::kEdit;
  request.path = GroupPath(id);
  request.body = EditBody(edit);
  request.asked.group_id = std::move(id);
  co_return co_await Write(call, std::move(request));
}

asio::awaitable<WriteResult> AmplitudeClient::EditSlot(Call& call, std::string id, int path_index,
                                                       SlotEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (const auto problem = GroupIdProblem(id)) {
    co_return WriteResult{WriteEffect::kNone, BadGroupId(*problem)};
  }
  Request request;
  request.asked.operation = Operation::kEditSlot;
  request.asked.path_index = path_index;
  request.path = SlotPath(id, path_index);
  request.body = SlotEditBody(edit);
  request.asked.group_id = std::move(id);
  co_return co_await Write(call, std::move(request));
}

// The reply of a PATCH is not read: Amplitude answers with JSON, with nothing or with "OK".
asio::awaitable<WriteResult> AmplitudeClient::Write(Call& call, Request request) {
  const Exchanged exchanged = co_await Exchange(call, std::move(request));
  co_return WriteResult{exchanged.verdict.effect, exchanged.verdict.status};
}

asio::awaitable<CreateResult> AmplitudeClient::Create(Call& call, const v1::MutexGroup& group) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Request request;
  request.asked.operation = Operation::kCreate;
  request.asked.key = group.key();
  request.path = CollectionPath();
  request.body = CreateBody(group);
  Exchanged exchanged = co_await Exchange(call, std::move(request));
  CreateResult created;
  created.effect = exchanged.verdict.effect;
  created.status = exchanged.verdict.status;
  if (!created.status.ok()) co_return created;
  http::HttpResponse& response = exchanged.response;
  if (response.body_truncated) {
    created.status = TooLarge(response);
    co_return created;
  }
  const std::size_t size = response.body.size();
  auto decoding = co_await Decoded(size, [&response] {
    return Run(&DecodeCreateReply, std::move(response.body), response.status);
  });
  Report(Operation::kCreate, decoding.wrong_kinds);
  created.status = decoding.result.status();
  if (decoding.result.ok()) {
    created.id = std::move(decoding.result->id);
    created.url = std::move(decoding.result->url);
  }
  co_return created;
}

asio::awaitable<AmplitudeClient::Exchanged> AmplitudeClient::Exchange(Call& call, Request request) {
  Exchanged exchanged;
  request.asked.upstream = options_.upstream.name;
  const auto credential = KeyFor(call, request.asked);
  if (!credential.ok()) {
    exchanged.verdict = {credential.status(), WriteEffect::kNone};
    co_return exchanged;
  }
  request.asked.key_from_caller = (*credential)->from_caller;
  const Asked asked = request.asked;
  exchanged.read_time = clock_.Now();
  exchanged.asked_at = clock_.MonotonicNow();
  http::HttpResult result =
      co_await Send(call, asked.operation, MakeHttpRequest(call, std::move(request), **credential));
  if (const auto* failure = std::get_if<http::HttpFailure>(&result)) {
    exchanged.verdict = JudgeFailure(asked, *failure);
    exchanged.response.status = failure->status;
  } else {
    exchanged.response = std::get<http::HttpResponse>(std::move(result));
    exchanged.verdict = co_await JudgeReply(asked, exchanged.response, **credential);
  }
  if (exchanged.verdict.effect == WriteEffect::kAccepted) call.write_accepted = true;
  co_return exchanged;
}

// The key of the call or of the moment; one that cannot stand in a header is not sent anywhere.
absl::StatusOr<std::shared_ptr<const Credential>> AmplitudeClient::KeyFor(
    const Call& call, const Asked& asked) const {
  auto resolved = CredentialOf(call, keys_);
  if (!resolved.ok()) return resolved.status();
  const std::shared_ptr<const Credential> credential = *std::move(resolved);
  const std::string& key = credential->management_key;
  if (!key.empty() && std::all_of(key.begin(), key.end(), absl::ascii_isgraph)) return credential;
  const bool callers = credential->from_caller;
  return MakeError(
      callers ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kFailedPrecondition,
      v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED,
      absl::StrCat("the ", callers ? "caller's" : "service's", " management key for Amplitude (",
                   asked.upstream, ") is empty or has characters that no key has"));
}

http::HttpRequest AmplitudeClient::MakeHttpRequest(const Call& call, Request request,
                                                   const Credential& credential) const {
  const Operation operation = request.asked.operation;
  http::HttpRequest http_request;
  http_request.method = MethodOf(operation);
  http_request.url = absl::StrCat(options_.upstream.base_url, request.path);
  http_request.headers = {{"Authorization", absl::StrCat("Bearer ", credential.management_key)},
                          {"Accept", "application/json"}};
  if (IsWrite(operation)) http_request.headers.push_back({"Content-Type", "application/json"});
  http_request.body = std::move(request.body);
  http_request.timeout = AttemptTimeout(options_.upstream_timeout,
                                        absl::FromChrono(call.deadline - clock_.MonotonicNow()));
  http_request.fresh_connection = operation == Operation::kCreate;
  return http_request;
}

asio::awaitable<http::HttpResult> AmplitudeClient::Send(Call& call, Operation operation,
                                                        http::HttpRequest request) {
  FinishedRequest finished;
  finished.operation = operation;
  finished.body_bytes_sent = request.body.size();
  const bool sent_before = call.write_sent;
  if (IsWrite(operation)) call.write_sent = true;
  observer_.OnRequestStarted(call, operation);
  const MonotonicTime start = clock_.MonotonicNow();
  http::HttpResult result = co_await transport_.Send(std::move(request));
  finished.duration = absl::FromChrono(clock_.MonotonicNow() - start);
  if (const auto* failure = std::get_if<http::HttpFailure>(&result)) {
    finished.http_status = failure->status;
    finished.failure = failure->kind;
    if (!failure->request_sent) call.write_sent = sent_before;
  } else {
    const auto& response = std::get<http::HttpResponse>(result);
    finished.http_status = response.status;
    finished.body_bytes_received = response.body.size();
  }
  if (finished.http_status != 0) call.http_status = finished.http_status;
  observer_.OnRequestFinished(call, finished);
  co_return result;
}

asio::awaitable<Verdict> AmplitudeClient::JudgeReply(const Asked& asked,
                                                     http::HttpResponse& response,
                                                     const Credential& credential) {
  Answer answer;
  answer.status = response.status;
  answer.retry_after = ParseRetryAfter(response.Header("retry-after"), clock_.Now());
  if (response.status >= 300) {
    const std::size_t size = response.body.size();
    answer.text = co_await Decoded(size, [&response, &credential] {
      return ReduceErrorText(response.body, credential.management_key);
    });
  }
  co_return JudgeAnswer(asked, answer);
}

template <typename Decode>
asio::awaitable<std::invoke_result_t<Decode&>> AmplitudeClient::Decoded(std::size_t body_size,
                                                                        Decode decode) {
  if (body_size <= options_.max_inline_decode_bytes) co_return decode();
  co_return co_await RunOnPool(workers_, std::move(decode));
}

void AmplitudeClient::Report(Operation operation, const WrongKinds& wrong_kinds) {
  for (const auto& [field, times] : wrong_kinds) {
    observer_.OnFieldsOfWrongKind(operation, field, times);
  }
}

}  // namespace mutexd::amplitude
