#include "client/cpp/mutexctl/remedy.h"

#include "absl/strings/str_cat.h"

namespace mutexgroups::ctl {

std::string RemedyFor(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_INVALID_REQUEST:
      return "Correct the fields named above and run the command again.";
    case v1::ERROR_REASON_INVALID_PAGE_TOKEN:
      return "Run the command again: a listing starts anew, without a page token.";
    case v1::ERROR_REASON_REQUEST_ID_REUSED:
      return "Leave --request-id out, or give a new UUID: this one was used for another group.";
    case v1::ERROR_REASON_REJECTED_BY_AMPLITUDE:
      return "Amplitude refused the request; change it as the message says.";
    case v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED:
      return "Ask the operator of mutexd to check the management key and --region: a key of the "
             "other region is rejected too.";
    case v1::ERROR_REASON_CALLER_NOT_AUTHENTICATED:
      return "Call through a connection that says who you are, such as one with a client "
             "certificate; a service that works with its callers' management keys takes them from "
             "programs that send the metadata x-amplitude-management-key.";
    case v1::ERROR_REASON_AMPLITUDE_ACCESS_DENIED:
      return "Ask the operator of mutexd for a management key that has access to this project.";
    case v1::ERROR_REASON_CALLER_NOT_ALLOWED:
      return "Ask the operator of mutexd to allow this call in the authorization policy.";
    case v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND:
      return "Look the group up with `mutexctl list --show-archived`.";
    case v1::ERROR_REASON_SLOT_NOT_FOUND:
      return "Look at the group's slots with `mutexctl get`; they count from 1.";
    case v1::ERROR_REASON_WRONG_AMPLITUDE_URL:
      return "Ask the operator of mutexd to correct --amplitude-url or --region.";
    case v1::ERROR_REASON_KEY_ALREADY_EXISTS:
      return "Choose another --key: flags, experiments, holdout groups and mutex groups share "
             "their "
             "keys.";
    case v1::ERROR_REASON_CONCURRENT_CHANGE:
      return "Somebody else changed the group; look at it with `mutexctl get` and run the command "
             "again.";
    case v1::ERROR_REASON_ETAG_MISMATCH:
      return "The group is not the one you read; look at it with `mutexctl get` and repeat with "
             "its "
             "etag.";
    case v1::ERROR_REASON_PARTIALLY_APPLIED:
      return "The members are in both slots now; run the same command again, which completes the "
             "move.";
    case v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED:
      return "Amplitude limits the rate of requests; wait for the time given and run the command "
             "again.";
    case v1::ERROR_REASON_QUOTA_PER_SECOND:
      return "The service is busy; run the command again, with a longer --timeout to wait for a "
             "turn.";
    case v1::ERROR_REASON_QUOTA_PER_DAY:
      return "The requests of the day are used up; run the command after 00:00 UTC, or read with "
             "--max-staleness.";
    case v1::ERROR_REASON_RESPONSE_TOO_LARGE:
      return "Ask the operator of mutexd to raise --max-reply-bytes; retrying does not help.";
    case v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE:
      return "Run the command again in a while; it is safe to repeat.";
    case v1::ERROR_REASON_DEADLINE_EXCEEDED:
      return "Run the command again with a longer --timeout; where a write had been sent, look at "
             "the group first.";
    case v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY:
      return "Ask the operator of mutexd to look at its log: what answered is not Amplitude as the "
             "service knows it.";
    case v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN:
      return "Look at the group with `mutexctl get` before you run the command again.";
    case v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE:
      return "Amplitude took the change and does not show it yet; look again in a while.";
    case v1::ERROR_REASON_WRONG_SLOT_CHANGED:
      return "Tell the operator of mutexd at once: another slot was changed, its former content is "
             "in the log, and --slot-index-base is wrong.";
    case v1::ERROR_REASON_SLOT_INDEX_BASE_WRONG:
      return "Ask the operator of mutexd to correct --slot-index-base and to restart it.";
    case v1::ERROR_REASON_OVERLOADED:
      return "The service has too much to do; wait a while and run the command again.";
    case v1::ERROR_REASON_SHUTTING_DOWN:
      return "This replica of mutexd is stopping and nothing was sent; run the command again.";
    case v1::ERROR_REASON_AUDIT_LOG_UNAVAILABLE:
      return "Nothing was sent, as mutexd cannot write its audit trail; ask its operator to look "
             "at "
             "the disk, or call another replica.";
    default:
      return "";
  }
}

std::string Remedy(const Error& error, const std::string& server) {
  if (!error.reason_name.empty()) return RemedyFor(error.reason);
  switch (error.code) {
    case grpc::StatusCode::UNAVAILABLE:
      return absl::StrCat("Check that mutexd runs and listens on ", server,
                          "; --server or MUTEXCTL_SERVER names another address.");
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::StrCat("Check that ", server, " is a mutexd, and not older than this mutexctl.");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "Run the command again with a longer --timeout; after a write look at the group "
             "first.";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "The message is larger than one side accepts; ask for less at a time.";
    default:
      return "";
  }
}

}  // namespace mutexgroups::ctl
