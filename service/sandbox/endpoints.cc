#include "service/sandbox/endpoints.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "service/sandbox/group_json.h"
#include "service/sandbox/request_body.h"

namespace mutexd::sandbox {
namespace {

constexpr absl::string_view kCollection = "/api/1/mutexes";

// Without `limit`. Only its cap is documented.
constexpr std::int64_t kDefaultListLimit = 100;

// A JSON string. Paths may hold bytes that are not UTF-8 and would make it invalid: they become
// "?".
std::string Quoted(std::string text) {
  using CheckingWriter =
      rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                        rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>;
  rapidjson::StringBuffer buffer;
  if (!CheckingWriter(buffer).String(text)) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return !absl::ascii_isascii(c); }, '?');
    buffer.Clear();
    CheckingWriter(buffer).String(text);
  }
  return {buffer.GetString(), buffer.GetSize()};
}

absl::string_view ErrorType(int status) {
  switch (status) {
    case 400:
      return "invalid_request";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
    case 413:
      return "payload_too_large";
    case 429:
      return "too_many_requests";
    default:
      return status < 500 ? "invalid_request" : "server_error";
  }
}

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
      return 409;
    default:
      return 500;
  }
}

ApiReply ErrorReplyOf(const absl::Status& status) {
  return ErrorReply(HttpStatusOf(status), std::string(status.message()));
}

// Edits answer with this text, as the documentation has it: "200 OK response".
ApiReply OkReply() { return {200, "text/plain; charset=utf-8", "OK"}; }

// A number of decimal digits only, as paths and queries have them.
std::optional<std::int64_t> Digits(absl::string_view text) {
  std::int64_t number = 0;
  if (text.empty() ||
      !std::all_of(text.begin(), text.end(),
                   [](unsigned char c) { return absl::ascii_isdigit(c); }) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

// The numeric value of a parameter of the query, or `fallback` when it is absent; INVALID_ARGUMENT
// when it is not a number from `minimum` on.
absl::StatusOr<std::int64_t> QueryNumber(const ApiRequest& request, const std::string& name,
                                         std::int64_t fallback, std::int64_t minimum) {
  const auto parameter = request.query.find(name);
  if (parameter == request.query.end()) return fallback;
  const std::optional<std::int64_t> number = Digits(parameter->second);
  if (!number || *number < minimum) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " must be an integer of at least ", minimum));
  }
  return *number;
}

absl::Status CheckContentType(const ApiRequest& request) {
  const absl::string_view type = absl::StripAsciiWhitespace(
      absl::string_view(request.content_type).substr(0, request.content_type.find(';')));
  if (absl::EqualsIgnoreCase(type, "application/json")) return absl::OkStatus();
  return absl::InvalidArgumentError("Content-Type must be application/json");
}

}  // namespace

ApiReply ErrorReply(int status, absl::string_view message) {
  return {status, "application/json",
          absl::StrCat("{\"error\":{\"http_code\":", status,
                       ",\"type\":", Quoted(std::string(ErrorType(status))),
                       ",\"message\":", Quoted(std::string(message)), "}}")};
}

Endpoints::Endpoints(EndpointsOptions options, const AccessKeys& keys, QuotaWindows& quota,
                     GroupStore& store)
    : options_(options), keys_(keys), quota_(quota), store_(store) {}

ApiReply Endpoints::Handle(const ApiRequest& request) const {
  const Access access = keys_.Check(request.authorization);
  if (const auto* refused = std::get_if<AccessRefused>(&access)) {
    return ErrorReply(refused->status, refused->message);
  }
  switch (quota_.Admit(std::get<AccessGranted>(access).key)) {
    case QuotaWindows::Verdict::kAdmitted:
      return Route(request);
    case QuotaWindows::Verdict::kSecondSpent:
      return ErrorReply(429, "Too many requests in this second");
    case QuotaWindows::Verdict::kDaySpent:
      return ErrorReply(429, "Too many requests on this day; it ends at 24:00 UTC");
  }
  return ErrorReply(500, "unreachable");
}

ApiReply Endpoints::Route(const ApiRequest& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  absl::string_view rest = request.path;
  if (absl::ConsumePrefix(&rest, kCollection)) {
    if (rest.empty() && reads) return List(request);
    if (rest.empty() && request.method == "POST") return Create(request);
    if (absl::ConsumePrefix(&rest, "/")) {
      const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
      if (parts.size() == 1 && reads) return Get(parts[0]);
      if (parts.size() == 1 && request.method == "PATCH") return Edit(parts[0], request);
      if (parts.size() == 3 && parts[1] == "slots" && request.method == "PATCH") {
        return EditSlot(parts[0], parts[2], request);
      }
    }
  }
  return ErrorReply(404, absl::StrCat("No such endpoint: ", request.method, " ", request.path));
}

ApiReply Endpoints::List(const ApiRequest& request) const {
  const absl::StatusOr<std::int64_t> limit = QueryNumber(request, "limit", kDefaultListLimit, 1);
  if (!limit.ok()) return ErrorReplyOf(limit.status());
  const absl::StatusOr<std::int64_t> cursor = QueryNumber(request, "cursor", 0, 0);
  if (!cursor.ok()) return ErrorReplyOf(cursor.status());
  const GroupPage page = store_.List(*cursor, std::min<std::int64_t>(*limit, kMaxListLimit));

  ApiReply reply;
  reply.body = "{\"mutexes\":[";
  for (const StoredGroup& group : page.groups) {
    absl::StrAppend(&reply.body, group == page.groups.front() ? "" : ",", GroupToJson(*group));
  }
  absl::StrAppend(&reply.body,
                  "],\"nextCursor\":", page.next_offset ? absl::StrCat(*page.next_offset) : "null",
                  "}");
  return reply;
}

ApiReply Endpoints::Get(absl::string_view id) const {
  const std::optional<std::int64_t> number = Digits(id);
  if (!number) return ErrorReply(404, absl::StrCat("Mutex group ", id, " not found"));
  const absl::StatusOr<StoredGroup> group = store_.Get(*number);
  if (!group.ok()) return ErrorReplyOf(group.status());
  ApiReply reply;
  reply.body = GroupToJson(**group);
  return reply;
}

ApiReply Endpoints::Create(const ApiRequest& request) const {
  if (absl::Status status = CheckContentType(request); !status.ok()) return ErrorReplyOf(status);
  absl::StatusOr<NewGroup> group = ParseCreate(request.body);
  if (!group.ok()) return ErrorReplyOf(group.status());
  const absl::StatusOr<std::int64_t> id = store_.Create(*std::move(group));
  if (!id.ok()) return ErrorReplyOf(id.status());
  // The id is a text here, unlike in all other replies: so it is documented.
  ApiReply reply;
  reply.body = absl::StrCat(
      "{\"id\":\"", *id,
      "\",\"url\":", Quoted(absl::StrCat("http://", request.host, kCollection, "/", *id)), "}");
  return reply;
}

ApiReply Endpoints::Edit(absl::string_view id, const ApiRequest& request) const {
  const std::optional<std::int64_t> number = Digits(id);
  if (!number) return ErrorReply(404, absl::StrCat("Mutex group ", id, " not found"));
  if (absl::Status status = CheckContentType(request); !status.ok()) return ErrorReplyOf(status);
  const absl::StatusOr<GroupEdit> edit = ParseGroupEdit(request.body);
  if (!edit.ok()) return ErrorReplyOf(edit.status());
  const absl::Status status = store_.Edit(*number, *edit);
  return status.ok() ? OkReply() : ErrorReplyOf(status);
}

ApiReply Endpoints::EditSlot(absl::string_view id, absl::string_view slot,
                             const ApiRequest& request) const {
  const std::optional<std::int64_t> number = Digits(id);
  if (!number) return ErrorReply(404, absl::StrCat("Mutex group ", id, " not found"));
  const std::optional<std::int64_t> index = Digits(slot);
  if (!index) return ErrorReply(404, absl::StrCat("Mutex group ", id, " has no slot ", slot));
  if (absl::Status status = CheckContentType(request); !status.ok()) return ErrorReplyOf(status);
  const absl::StatusOr<SlotEdit> edit = ParseSlotEdit(request.body);
  if (!edit.ok()) return ErrorReplyOf(edit.status());
  const absl::Status status = store_.EditSlot(*number, *index - options_.slot_index_base, *edit);
  return status.ok() ? OkReply() : ErrorReplyOf(status);
}

}  // namespace mutexd::sandbox
