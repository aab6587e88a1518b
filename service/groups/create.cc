#include "service/groups/create.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/retry_rules.h"
#include "service/groups/create_mark.h"
#include "service/groups/group_errors.h"
#include "service/groups/scan.h"
#include "service/groups/write_permission.h"
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

  // Posts the group; again where that is safe and may help, but never without a look between.
  asio::awaitable<absl::StatusOr<Created>> Post() {
    WriteRepeats repeats(gateway_, call_);
    while (true) {
      CreateResult result = co_await gateway_.amplitude.Create(call_, create_.group());
      if (absl::IsCancelled(result.status)) co_return result.status;
      if (result.status.ok()) co_return co_await ReadCreated(std::move(result));
      if (IsRefusal(result)) co_return result.status;

      absl::StatusOr<std::optional<Created>> found = std::optional<Created>();
      const bool no_effect = result.effect == WriteEffect::kNone;
      const bool taken = KeyIsTaken(result.status);
      // What had no effect cannot show: the look comes when it is time to post again.
      if (!no_effect || taken) found = co_await LookWhileItMayShow(result);
      if (found.ok() && !*found && !taken && result.effect != WriteEffect::kAccepted) {
        const WaitEnd end = co_await repeats.Next(result.status);
        if (end == WaitEnd::kCancelled) co_return absl::CancelledError();
        if (end == WaitEnd::kOver) co_return NotMade(result.status, repeats.attempts());
        if (no_effect) found = co_await Look();
        if (found.ok() && !*found) continue;
      }
      if (found.ok() && *found) {
        call_.write_accepted = true;
        co_return **std::move(found);
      }
      if (absl::IsCancelled(found.status())) co_return found.status();
      co_return Unsettled(result, found.status());
    }
  }

 private:
  const std::string& key() const { return create_.group().key(); }

  static bool KeyIsTaken(const absl::Status& status) {
    return amplitude::ReasonOf(status) == v1::ERROR_REASON_KEY_ALREADY_EXISTS;
  }

  // Amplitude has refused the group for good.
  static bool IsRefusal(const CreateResult& result) {
    return result.effect == WriteEffect::kNone && !KeyIsTaken(result.status) &&
           !amplitude::MayPass(result.status);
  }

  // After a post whose group does not show, or cannot be looked for (`look` is not OK).
  absl::Status Unsettled(const CreateResult& result, absl::Status look) const {
    const v1::ErrorReason reason = amplitude::ReasonOf(look);
    if (reason == v1::ERROR_REASON_REQUEST_ID_REUSED || KeyIsTaken(look)) {
      CopyHttpStatus(result.status, look);
      return look;
    }
    switch (result.effect) {
      case WriteEffect::kAccepted: {
        absl::Status invisible = WriteNotYetVisible(absl::StrCat(
            "the reply cannot be read (", result.status.message(), ") and its key is not found"));
        CopyHttpStatus(result.status, invisible);
        return invisible;
      }
      case WriteEffect::kUnknown:
        return WriteOutcomeUnknown("looking for its key failed", result.status);
      case WriteEffect::kNone:
        break;
    }
    return look.ok() ? result.status : look;
  }

  // The posts are used up, and their group is not there.
  static absl::Status NotMade(const absl::Status& post, int posts) {
    return amplitude::WithMessage(
        post, absl::StrCat(post.message(), "; looked for by its key, the group is not there after ",
                           posts, posts == 1 ? " attempt" : " attempts",
                           ". Repeating the call with the same request_id is safe"));
  }

  // Looks for the key until it shows, for up to the visibility time-out.
  asio::awaitable<absl::StatusOr<std::optional<Created>>> LookWhileItMayShow(
      const CreateResult& result) {
    VisibilityWaits waits(gateway_, call_, result.effect == WriteEffect::kAccepted);
    while (true) {
      absl::StatusOr<std::optional<Created>> found = co_await Look();
      if (found.ok() && *found) co_return found;
      if (amplitude::ReasonOf(found.status()) == v1::ERROR_REASON_REQUEST_ID_REUSED ||
          KeyIsTaken(found.status())) {
        co_return found;
      }
      const WaitEnd end = co_await waits.Next(found.status());
      if (end == WaitEnd::kCancelled) co_return absl::CancelledError();
      if (end == WaitEnd::kOver) co_return found;
    }
  }

  // Reads the group that Amplitude says it made, until it shows.
  asio::awaitable<absl::StatusOr<Created>> ReadCreated(CreateResult result) {
    call_.created_group_id = result.id;
    call_.created_url = result.url;
    WriteGoal goal;
    goal.judge = [](const absl::StatusOr<GroupPtr>& read, bool) {
      return read.ok() ? Sight::kDone : Sight::kUnclear;
    };
    absl::StatusOr<GroupPtr> group =
        co_await Settle(gateway_, call_, result.id, result, std::move(goal));
    if (!group.ok()) co_return std::move(group).status();
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
  call.create_request_id = request.request_id().empty() ? NewRequestId() : request.request_id();
  const MarkedCreate create(request.mutex_group(), call.create_request_id);
  absl::Status allowed = CheckMayCreate(call, create.group());
  if (!allowed.ok()) co_return allowed;
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

absl::Status NameCreate(absl::Status status, const amplitude::Call& call) {
  const bool leaves_doubt = absl::IsUnavailable(status) || absl::IsUnknown(status) ||
                            absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
  if (!call.write_sent || !leaves_doubt) return status;
  const auto name = [&status](absl::string_view key, const std::string& value) {
    if (!value.empty()) amplitude::SetMetadata(status, key, value);
  };
  name("request_id", call.create_request_id);
  name("mutex_group_id", call.created_group_id);
  name("url", call.created_url);
  return status;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::CreateMutexGroupResponse>>> CreateGroup(
    Gateway& gateway, amplitude::Call& call, const v1::CreateMutexGroupRequest& request) {
  absl::StatusOr<Created> created = co_await Create(gateway, call, request);
  if (!created.ok()) co_return NameCreate(std::move(created).status(), call);
  call.created_group_id = created->group->group->id();
  call.group_after = created->group;
  absl::Status size = CheckWrittenGroupSize(gateway, call, *created->group->group);
  if (!size.ok()) co_return NameCreate(std::move(size), call);
  auto reply = ReplyWith<v1::CreateMutexGroupResponse>(std::move(created->group));
  reply->set_url(std::move(created->url));
  co_return reply;
}

}  // namespace mutexd::groups
