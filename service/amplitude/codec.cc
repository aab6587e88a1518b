#include "service/amplitude/codec.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/amplitude/error.h"
#include "service/amplitude/group_reader.h"
#include "service/amplitude/json_document.h"

namespace mutexd::amplitude {
namespace {

absl::Status Malformed(absl::string_view problem) {
  return MakeError(absl::StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY,
                   absl::StrCat("Amplitude's reply cannot be used: ", problem));
}

std::string Describe(absl::string_view path, absl::string_view what) {
  absl::ConsumePrefix(&path, ".");
  return path.empty() ? std::string(what) : absl::StrCat(path, ": ", what);
}

absl::StatusOr<JsonDocument> ParseObject(std::string body) {
  if (body.empty()) return Malformed("it is empty");
  auto parsed = JsonDocument::Parse(std::move(body));
  if (const auto* error = std::get_if<JsonError>(&parsed)) {
    return Malformed(absl::StrCat("not JSON at byte ", error->offset, ": ", error->problem));
  }
  JsonDocument document = std::get<JsonDocument>(std::move(parsed));
  if (!document.root().Is(JsonKind::kObject)) {
    return Malformed(Unexpected("an object", document.root()));
  }
  return document;
}

ListEntry ReadEntry(const JsonValue& value, std::size_t position, google::protobuf::Arena& arena,
                    WrongKinds& wrong_kinds) {
  ListEntry entry;
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&arena);
  const auto problem = ReadGroup(value, *group, wrong_kinds);
  if (!problem) {
    entry.group = group;
    return entry;
  }
  auto* unreadable = google::protobuf::Arena::CreateMessage<v1::UnreadableMutexGroup>(&arena);
  unreadable->set_mutex_group_id(group->id());
  unreadable->set_reason(
      Describe(absl::StrCat("mutexes[", position, "]", problem->path), problem->what));
  entry.unreadable = unreadable;
  return entry;
}

// A cursor is a number or a text; absent, null and "" mean the end.
absl::Status ReadCursor(const JsonValue& value, std::string& cursor) {
  cursor.clear();
  const bool end =
      value.Is(JsonKind::kNull) || (value.Is(JsonKind::kString) && value.text().empty());
  if (end) return absl::OkStatus();
  auto text = IdText(value);
  // Taken for the end of the listing, a cursor that cannot be read would hide groups.
  if (!text) return Malformed(Describe("nextCursor", Unexpected("a number or a string", value)));
  cursor = std::move(*text);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<FetchedPage>> DecodePage(std::string body, WrongKinds& wrong_kinds) {
  auto document = ParseObject(std::move(body));
  if (!document.ok()) return document.status();
  auto page = std::make_shared<FetchedPage>();
  absl::Status status = Malformed("mutexes: missing");
  absl::Status cursor_status;
  document->root().ForEachMember([&](absl::string_view name, const JsonValue& member) {
    if (name == "nextCursor") {
      cursor_status = ReadCursor(member, page->next_cursor);
    } else if (name == "mutexes") {
      page->entries.clear();
      status = member.Is(JsonKind::kArray)
                   ? absl::OkStatus()
                   : Malformed(Describe("mutexes", Unexpected("an array", member)));
      member.ForEachElement([&](const JsonValue& element) {
        page->entries.push_back(ReadEntry(element, page->entries.size(), page->arena, wrong_kinds));
      });
    }
  });
  status.Update(cursor_status);
  if (!status.ok()) return status;
  return page;
}

absl::StatusOr<std::shared_ptr<FetchedGroup>> DecodeGroup(std::string body,
                                                          WrongKinds& wrong_kinds) {
  auto document = ParseObject(std::move(body));
  if (!document.ok()) return document.status();
  auto fetched = std::make_shared<FetchedGroup>();
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&fetched->arena);
  if (const auto problem = ReadGroup(document->root(), *group, wrong_kinds)) {
    return Malformed(Describe(problem->path, problem->what));
  }
  fetched->group = group;
  return fetched;
}

absl::StatusOr<CreateReply> DecodeCreateReply(std::string body, WrongKinds& wrong_kinds) {
  auto document = ParseObject(std::move(body));
  if (!document.ok()) return document.status();
  CreateReply reply;
  absl::Status status = Malformed("id: missing");
  document->root().ForEachMember([&](absl::string_view name, const JsonValue& member) {
    if (name == "id") {
      const auto id = IdText(member);
      reply.id = id.value_or("");
      status = id ? absl::OkStatus() : Malformed(Describe("id", Unexpected("an id", member)));
    } else if (name == "url") {
      reply.url = std::string(member.Is(JsonKind::kString) ? member.text() : absl::string_view());
      if (!member.Is(JsonKind::kString) && !member.Is(JsonKind::kNull)) ++wrong_kinds["url"];
    }
  });
  if (!status.ok()) return status;
  return reply;
}

}  // namespace mutexd::amplitude
