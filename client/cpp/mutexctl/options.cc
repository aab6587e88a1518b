#include "client/cpp/mutexctl/options.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/flag_values.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

CLI::Validator Expecting(const std::string& what, std::function<bool(const std::string&)> holds) {
  CLI::Validator validator(
      [what, holds = std::move(holds)](const std::string& value) -> std::string {
        if (holds(value)) return "";
        return absl::StrCat("expected ", what, ", found \"", Escaped(value), "\"");
      },
      "");
  return validator;
}

}  // namespace

void AddDryRun(CLI::App& command, WriteFlags& flags) {
  command.add_flag("--dry-run", flags.dry_run, "Check everything and change nothing");
}

void AddWriteFlags(CLI::App& command, WriteFlags& flags) {
  command.add_option("--etag", flags.etag, "Fail unless the group still has this etag")
      ->type_name("ETAG");
  AddDryRun(command, flags);
}

void AddReadFlags(CLI::App& command, ReadFlags& flags) {
  command
      .add_option("--max-staleness", flags.max_staleness,
                  "How old a cached answer may be, such as 30s (0s asks Amplitude)")
      ->type_name("DURATION")
      ->check(IsDuration(/*zero_allowed=*/true));
}

void AddMemberFlags(CLI::App& command, MemberFlags& flags) {
  command.add_option("--experiment", flags.experiments, "Experiment ids (repeatable, or 1,2,3)")
      ->type_name("ID")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(IsId());
  command.add_option("--holdout", flags.holdouts, "Holdout group ids (repeatable, or 1,2,3)")
      ->type_name("ID")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(IsId());
  command.add_option("--individual", flags.individuals, "User ids or device ids (repeatable)")
      ->type_name("ID")
      ->allow_extra_args(false);
}

CLI::Validator IsId() {
  return Expecting("an id (a whole number over 0)",
                   [](const std::string& value) { return ParseId(value).has_value(); });
}

CLI::Validator IsPosition() {
  return Expecting("a slot's position (1 is the first)",
                   [](const std::string& value) { return ParsePosition(value).has_value(); });
}

CLI::Validator IsDuration(bool zero_allowed) {
  return Expecting(zero_allowed ? "a duration such as 500ms, 10s or 5m, an hour at most"
                                : "a duration over zero such as 500ms, 10s or 5m, an hour at most",
                   [zero_allowed](const std::string& value) {
                     const auto duration = ParseDuration(value);
                     return duration && (zero_allowed || duration->count() > 0);
                   });
}

std::int64_t IdOf(const std::string& value) { return ParseId(value).value_or(0); }

std::int32_t PositionOf(const std::string& value) { return ParsePosition(value).value_or(0); }

std::chrono::milliseconds DurationOf(const std::string& value) {
  return ParseDuration(value).value_or(std::chrono::milliseconds(0));
}

google::protobuf::Duration DurationMessage(const std::string& value) {
  return google::protobuf::util::TimeUtil::MillisecondsToDuration(DurationOf(value).count());
}

}  // namespace mutexgroups::ctl
