#include "service/amplitude/codec.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/amplitude/error.h"
#include "service/amplitude/group_reader.h"
#include "service/amplitude/json_document.h"
#include "service/amplitude/json_stream.h"

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

absl::Status NotJson(std::string body) {
  if (body.empty()) return Malformed("it is empty");
  const auto parsed = JsonDocument::Parse(std::move(body));
  const auto* error = std::get_if<JsonError>(&parsed);
  if (error == nullptr) return Malformed("not JSON");
  return Malformed(absl::StrCat("not JSON at byte ", error->offset, ": ", error->problem));
}

ListEntry ReadEntry(const JsonStreamValue& value, std::size_t position,
                    google::protobuf::Arena& arena, WrongKinds& wrong_kinds) {
  ListEntry entry;
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&arena);
  const auto problem = ReadGroup(value, *group, wrong_kinds);
  if (!problem) {
    entry.group = group;
    entry.bytes = group->ByteSizeLong();
    return entry;
  }
  auto* unreadable = google::protobuf::Arena::CreateMessage<v1::UnreadableMutexGroup>(&arena);
  unreadable->set_mutex_group_id(group->id());
  unreadable->set_reason(
      Describe(absl::StrCat("mutexes[", position, "]", problem->path), problem->what));
  entry.unreadable = unreadable;
  entry.bytes = unreadable->ByteSizeLong();
  return entry;
}

// A cursor is a number or a text; absent, null and "" mean the end.
absl::Status ReadCursor(const JsonStreamValue& value, std::string& cursor) {
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

absl::StatusOr<std::shared_ptr<FetchedPage>> ReadPage(const JsonStreamValue& root,
                                                      WrongKinds& wrong_kinds) {
  auto page = std::make_shared<FetchedPage>();
  absl::Status status = Malformed("mutexes: missing");
  absl::Status cursor_status;
  root.ForEachMember([&](absl::string_view name, const JsonStreamValue& member) {
    if (name == "nextCursor") {
      cursor_status = ReadCursor(member, page->next_cursor);
    } else if (name == "mutexes") {
      page->entries.clear();
      status = member.Is(JsonKind::kArray)
                   ? absl::OkStatus()
                   : Malformed(Describe("mutexes", Unexpected("an array", member)));
      member.ForEachElement([&](const JsonStreamValue& element) {
        page->entries.push_back(ReadEntry(element, page->entries.size(), page->arena, wrong_kinds));
      });
    }
  });
  status.Update(cursor_status);
  if (!status.ok()) return status;
  return page;
}

absl::StatusOr<std::shared_ptr<FetchedGroup>> ReadFetchedGroup(const JsonStreamValue& root,
                                                               WrongKinds& wrong_kinds) {
  auto fetched = std::make_shared<FetchedGroup>();
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&fetched->arena);
  if (const auto problem = ReadGroup(root, *group, wrong_kinds)) {
    return Malformed(Describe(problem->path, problem->what));
  }
  fetched->group = group;
  return fetched;
}

absl::StatusOr<CreateReply> ReadCreateReply(const JsonStreamValue& root, WrongKinds& wrong_kinds) {
  CreateReply reply;
  absl::Status status = Malformed("id: missing");
  root.ForEachMember([&](absl::string_view name, const JsonStreamValue& member) {
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

// The result of `read` for the object that `body` is.
template <typename Result>
Result ReadObject(std::string body, WrongKinds& wrong_kinds,
                  Result (*read)(const JsonStreamValue&, WrongKinds&)) {
  const std::size_t size = body.size();
  body.append(JsonStream::kPadding, '\0');
  JsonStream stream(absl::string_view(body.data(), size));
  Result result;
  WrongKinds counted;
  const bool is_json = stream.Read([&](const JsonStreamValue& root) {
    result =
        root.Is(JsonKind::kObject) ? read(root, counted) : Malformed(Unexpected("an object", root));
  });
  if (!is_json) {
    body.resize(size);
    return NotJson(std::move(body));
  }
  for (const auto& [field, times] : counted) wrong_kinds[field] += times;
  return result;
}

}  // namespace

absl::StatusOr<std::shared_ptr<FetchedPage>> DecodePage(std::string body, WrongKinds& wrong_kinds) {
  return ReadObject(std::move(body), wrong_kinds, &ReadPage);
}

absl::StatusOr<std::shared_ptr<FetchedGroup>> DecodeGroup(std::string body,
                                                          WrongKinds& wrong_kinds) {
  return ReadObject(std::move(body), wrong_kinds, &ReadFetchedGroup);
}

absl::StatusOr<CreateReply> DecodeCreateReply(std::string body, WrongKinds& wrong_kinds) {
  return ReadObject(std::move(body), wrong_kinds, &ReadCreateReply);
}

}  // namespace mutexd::amplitude
