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

// Names the group that Amplitude said it made, for errors after its 2xx.
absl::Status Naming(absl::Status status, const CreateResult& result) {
  if (!result.id.empty()) amplitude::SetMetadata(status, "mutex_group_id", result.id);
  if (!result.url.empty()) amplitude::SetMetadata(status, "url", result.url);
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
      co_return co_await LookFor(result.status, result.status);
    }
    if (result.effect == WriteEffect::kUnknown) {
      co_return co_await LookFor(
          WriteOutcomeUnknown("no mutex group with its key is to be found", result.status),
          WriteOutcomeUnknown("looking for its key failed", result.status));
    }
    if (!result.status.ok()) {
      const absl::Status invisible = WriteNotYetVisible(absl::StrCat(
          "the reply cannot be read (", result.status.message(), ") and its key is not found"));
      co_return co_await LookFor(invisible, invisible);
    }
    co_return co_await ReadCreated(std::move(result));
  }

 private:
  const std::string& key() const { return create_.group().key(); }

  // Looks for the key until it shows, for up to the visibility time-out. `absent` is the answer
  // when it does not, `unreadable` when it cannot be told.
  asio::awaitable<absl::StatusOr<Created>> LookFor(absl::Status absent, absl::Status unreadable) {
    VisibilityWaits waits(gateway_);
    while (true) {
      absl::StatusOr<std::optional<Created>> found = co_await Look();
      if (absl::IsCancelled(found.status())) co_return std::move(found).status();
      if (found.ok() && *found) co_return **std::move(found);
      const v1::ErrorReason reason = amplitude::ReasonOf(found.status());
      if (reason == v1::ERROR_REASON_REQUEST_ID_REUSED ||
          reason == v1::ERROR_REASON_KEY_ALREADY_EXISTS) {
        co_return std::move(found).status();
      }
      const bool may_pass = found.ok() || reason == v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE;
      if (!may_pass || !co_await waits.Next()) {
        co_return found.ok() ? std::move(absent) : std::move(unreadable);
      }
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
    if (!group.ok()) co_return Naming(std::move(group).status(), result);
    absl::Status size = CheckWrittenGroupSize(gateway_, call_, *(*group)->group);
    if (!size.ok()) co_return Naming(std::move(size), result);
    co_return Created{*std::move(group), std::move(result.url)};
  }

  Gateway& gateway_;
  amplitude::Call& call_;
  const MarkedCreate& create_;
};

// What Amplitude fills in, where the documentation says with what.
GroupPtr AsItWouldBe(const Gateway& gateway, const v1::MutexGroup& group) {
  FetchedGroup draft;
  draft.group = &group;
  draft.read_time = gateway.clock.Now();
  return ChangedCopy(draft, [](v1::MutexGroup& changed) {
    if (changed.evaluation_mode() == v1::EVALUATION_MODE_UNSPECIFIED) {
      changed.set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
    }
    if (changed.bucketing_key().empty()) changed.set_bucketing_key("amplitude_id");
  });
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
  if (!size.ok()) co_return size;
  auto reply = ReplyWith<v1::CreateMutexGroupResponse>(std::move(created->group));
  reply->set_url(std::move(created->url));
  co_return reply;
}

}  // namespace mutexd::groups
