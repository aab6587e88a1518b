#include "service/groups/group_errors.h"

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

absl::Status GroupNotFound(absl::string_view message, absl::string_view name) {
  absl::Status status = amplitude::MakeError(absl::StatusCode::kNotFound,
                                             v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND, message);
  amplitude::SetResource(status, kGroupResource, name);
  return status;
}

absl::Status EtagMismatch(absl::string_view group_id, absl::string_view current) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH,
      current.empty()
          ? absl::StrCat("mutex group '", group_id,
                         "' cannot be read, so its etag cannot be compared; nothing was written")
          : absl::StrCat("mutex group '", group_id,
                         "' is not the one that the etag was taken from; nothing was written. "
                         "Read it again and decide anew"));
  if (!current.empty()) amplitude::SetMetadata(status, "current_etag", current);
  amplitude::SetResource(status, kGroupResource, group_id);
  return status;
}

}  // namespace mutexd::groups
