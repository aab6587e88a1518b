#include "service/groups/write_permission.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::groups {
namespace {

constexpr absl::string_view kThisGroup = "this mutex group";

// Whether a failed read says something of the group, and not only of the way to it.
bool TellsOfGroup(const absl::Status& read) {
  return absl::IsNotFound(read) || absl::IsInternal(read) || absl::IsInvalidArgument(read) ||
         absl::IsPermissionDenied(read);
}

}  // namespace

asio::awaitable<absl::StatusOr<GroupPtr>> ReadToWrite(Gateway& gateway, amplitude::Call& call,
                                                      std::string id) {
  absl::StatusOr<GroupPtr> read = co_await gateway.amplitude.Get(call, std::move(id));
  const amplitude::WriteGuard* guard = call.write_guard.get();
  if (guard == nullptr) co_return read;
  if (!read.ok()) {
    if (!guard->MayRead() && TellsOfGroup(read.status())) co_return guard->Denial(kThisGroup);
    co_return read;
  }
  const v1::MutexGroup& group = *(*read)->group;
  if (!guard->Allows(group.key(), group.project_id())) co_return guard->Denial(kThisGroup);
  co_return read;
}

absl::Status CheckMayCreate(const amplitude::Call& call, const v1::MutexGroup& group) {
  const amplitude::WriteGuard* guard = call.write_guard.get();
  if (guard == nullptr || guard->Allows(group.key(), group.project_id())) return absl::OkStatus();
  return guard->Denial(absl::StrCat("a mutex group with the key '", group.key(), "' in project ",
                                    group.project_id()));
}

}  // namespace mutexd::groups
