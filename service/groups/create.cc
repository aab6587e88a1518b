#include "service/groups/create.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/groups/create_mark.h"
#include "service/groups/group_errors.h"
#include "service/groups/scan.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

using amplitude::CreateResult;
using amplitude::WriteEffect;

// A group that exists now, and where people find it.
struct Created {
  GroupPtr group;
  std::string url;
};

absl::Status KeyTaken(const std::string& key) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS,
      absl::StrCat("the key '", key,
                   "' is taken (keys are shared with flags, experiments and holdout groups); "
                   "choose another one"));
  amplitude::SetResource(status, kGroupResource, key);
  return status;
}

absl::Status RequestIdReused(const v1::MutexGroup& found) {
  return amplitude::MakeError(absl::StatusCode::kInvalidArgument,
                              v1::ERROR_REASON_REQUEST_ID_REUSED,
                              absl::StrCat("request_id was used before to create mutex group '",
                                           found.id(), "' from another body; use a new one"));
}

// Names the group that was made, for errors after that.
absl::Status Naming(absl::Status status, const std::string& id, const std::string& url) {
  if (!id.empty()) amplitude::SetMetadata(status, "mutex_group_id", id);
  if (!url.empty()) amplitude::SetMetadata(status, "url", url);
  return status;
}

class Creation {
 public:
  Creation(Gateway& gateway, amplitude::Call& call, const MarkedCreate& create)
      : gateway_(gateway), call_(call), create_(create) {}

  // Whether the key is free: nothing when it is, the group when this request made it already, and
  // an error when another one has the key.
  asio::awaitable<absl::StatusOr<std::optional<Created>>> Look() {
    absl::StatusOr<KeySearch> search = co_await FindByKey(gateway_, call_, key());
    if (!search.ok()) co_return std::move(search).status();
    if (search->group == nullptr) co_return std::optional<Created>();
    switch (create_.Match(*search->group->group)) {
      case MarkMatch::kSame:
        co_return Created{std::move(search->group), ""};
      case MarkMatch::kOtherBody:
        co_return RequestIdReused(*search->group->group);
      case MarkMatch::kOtherRequest:
        break;
    }
    co_return KeyTaken(key());
  }

  asio::awaitable<absl::StatusOr<Created>> Post() {
    CreateResult result = co_await gateway_.amplitude.Create(call_, create_.group());
    if (absl::IsCancelled(result.status)) co_return result.status;
    if (result.effect == WriteEffect::kNone) {
      const bool taken = amplitude::ReasonOf(result.status) == v1::ERROR_REASON_KEY_ALREADY_EXISTS;
      if (!taken) co_return result.status;
      co_return co_await LookFor(result.status, result.status, std::nullopt);
    }
    if (result.effect == WriteEffect::kUnknown) {
      co_return co_await LookFor(
          result.status,
          WriteOutcomeUnknown("no mutex group with its key is to be found", result.status),
          WriteOutcomeUnknown("looking for its key failed", result.status));
    }
    if (!result.status.ok()) {
      absl::Status invisible = WriteNotYetVisible(absl::StrCat(
          "the reply cannot be read (", result.status.message(), ") and its key is not found"));
      CopyHttpStatus(result.status, invisible);
      co_return co_await LookFor(result.status, invisible, invisible);
    }
    co_return co_await ReadCreated(std::move(result));
  }

 private:
  const std::string& key() const { return create_.group().key(); }

  // Looks for the key until it shows, for up to the visibility time-out, after a POST that ended
  // with `post`. `absent` is the answer when it does not; `unreadable` when it cannot be told, or
  // the look's own error where that is enough: the POST had no effect.
  asio::awaitable<absl::StatusOr<Created>> LookFor(absl::Status post, absl::Status absent,
                                                   std::optional<absl::Status> unreadable) {
    VisibilityWaits waits(gateway_);
    while (true) {
      absl::StatusOr<std::optional<Created>> found = co_await Look();
      absl::Status look = found.status();
      if (absl::IsCancelled(look)) co_return look;
      if (look.ok() && *found) {
        call_.write_accepted = true;
        co_return **std::move(found);
      }
      const v1::ErrorReason reason = amplitude::ReasonOf(look);
      if (reason == v1::ERROR_REASON_REQUEST_ID_REUSED ||
          reason == v1::ERROR_REASON_KEY_ALREADY_EXISTS) {
        CopyHttpStatus(post, look);
        co_return look;
      }
      const VisibilityWaits::End end = co_await waits.Next(look);
      if (end == VisibilityWaits::End::kCancelled) co_return absl::CancelledError();
      if (end == VisibilityWaits::End::kElapsed) continue;
      if (look.ok()) co_return absent;
      co_return std::move(unreadable).value_or(look);
    }
  }

  // Reads the group that Amplitude says it made, until it shows.
  asio::awaitable<absl::StatusOr<Created>> ReadCreated(CreateResult result) {
    WriteGoal goal;
    goal.judge = [](const absl::StatusOr<GroupPtr>& read, bool) {
      return read.ok() ? Sight::kDone : Sight::kUnclear;
    };
    absl::StatusOr<GroupPtr> group =
        co_await Settle(gateway_, call_, result.id, result, std::move(goal));
    if (!group.ok()) co_return Naming(std::move(group).status(), result.id, result.url);
    co_return Created{*std::move(group), std::move(result.url)};
  }

  Gateway& gateway_;
  amplitude::Call& call_;
  const MarkedCreate& create_;
};

// With what Amplitude fills in, where the documentation says with what. There is no etag without
// the id that the group would have.
GroupPtr AsItWouldBe(const Gateway& gateway, const v1::MutexGroup& asked) {
  auto draft = std::make_shared<FetchedGroup>();
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&draft->arena);
  *group = asked;
  if (group->evaluation_mode() == v1::EVALUATION_MODE_UNSPECIFIED) {
    group->set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
  }
  if (group->bucketing_key().empty()) group->set_bucketing_key("amplitude_id");
  draft->group = group;
  draft->read_time = gateway.clock.Now();
  return draft;
}

asio::awaitable<absl::StatusOr<Created>> Create(Gateway& gateway, amplitude::Call& call,
                                                const v1::CreateMutexGroupRequest& request) {
  const MarkedCreate create(request.mutex_group(),
                            request.request_id().empty() ? NewRequestId() : request.request_id());
  Creation creation(gateway, call, create);
  // Creates of one key follow one another, so that the second sees what the first has made.
  std::optional<GroupLock> lock =
      co_await gateway.locks.Acquire(absl::StrCat("key:", create.group().key()));
  if (!lock) co_return absl::CancelledError();
  if (!request.validate_only()) co_return co_await creation.Post();
  absl::StatusOr<std::optional<Created>> found = co_await creation.Look();
  if (!found.ok()) co_return std::move(found).status();
  if (*found) co_return **std::move(found);
  co_return Created{AsItWouldBe(gateway, create.group()), ""};
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::CreateMutexGroupResponse>>> CreateGroup(
    Gateway& gateway, amplitude::Call& call, const v1::CreateMutexGroupRequest& request) {
  absl::StatusOr<Created> created = co_await Create(gateway, call, request);
  if (!created.ok()) co_return std::move(created).status();
  absl::Status size = CheckWrittenGroupSize(gateway, call, *created->group->group);
  if (!size.ok()) co_return Naming(std::move(size), created->group->group->id(), created->url);
  auto reply = ReplyWith<v1::CreateMutexGroupResponse>(std::move(created->group));
  reply->set_url(std::move(created->url));
  co_return reply;
}

}  // namespace mutexd::groups
