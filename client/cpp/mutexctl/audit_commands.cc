#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cpp/mutexctl/audit_entry.h"
#include "client/cpp/mutexctl/audit_view.h"
#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

// Further broken lines are only counted.
constexpr int kBrokenLinesTold = 5;

struct ShowFlags {
  std::string file = "-";
  std::string group;
  std::string caller;
  std::string since;
  int limit = 0;  // 0: all
};

// `2d`, `3h`, `30m`, `2026-01-31` or `2026-01-31T12:00:00Z`.
std::optional<absl::Time> ParseSince(const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  if (absl::ParseTime("%Y-%m-%d", text, &time, &error)) return time;
  absl::Duration age;
  int days = 0;
  const absl::string_view number = absl::StripSuffix(text, "d");
  if (number.size() < text.size() && absl::SimpleAtoi(number, &days)) {
    age = absl::Hours(24) * days;
  } else if (!absl::ParseDuration(text, &age)) {
    return std::nullopt;
  }
  if (age < absl::ZeroDuration()) return std::nullopt;
  return absl::Now() - age;
}

class Shown {
 public:
  Shown(const ShowFlags& flags, absl::Time since, Session& session)
      : flags_(flags), since_(since), session_(session) {}

  void Line(const std::string& line) {
    ++number_;
    if (line.empty()) return;
    const auto entry = ParseAuditLine(line);
    if (!entry.ok()) {
      if (++broken_ <= kBrokenLinesTold) {
        session_.err << "line " << number_ << " is left out: " << entry.status().message() << "\n";
      }
      return;
    }
    if (!IsWanted(*entry)) return;
    const bool as_json = session_.output == OutputFormat::kJson;
    Add(as_json ? absl::StrCat(EscapedForQuotes(line), "\n")
                : AuditText(*entry, session_.terminal.style));
  }

  void End() {
    for (const std::string& text : last_) session_.out << text;
    if (broken_ > kBrokenLinesTold) {
      session_.err << broken_ - kBrokenLinesTold << " more lines are left out\n";
    }
  }

 private:
  bool IsWanted(const AuditEntry& entry) const {
    if (entry.time < since_) return false;
    if (!flags_.group.empty() && entry.mutex_group_id != flags_.group) return false;
    return flags_.caller.empty() || entry.caller == flags_.caller;
  }

  void Add(std::string text) {
    if (flags_.limit == 0) {
      session_.out << text;
      return;
    }
    last_.push_back(std::move(text));
    if (last_.size() > static_cast<std::size_t>(flags_.limit)) last_.pop_front();
  }

  const ShowFlags& flags_;
  const absl::Time since_;
  Session& session_;
  int number_ = 0;
  int broken_ = 0;
  std::deque<std::string> last_;
};

int Show(Session& session, const ShowFlags& flags) {
  if (session.output == OutputFormat::kYaml) {
    return UsageError(session, "audit show prints a table, or with -o json the lines as they are");
  }
  const auto since = flags.since.empty() ? absl::InfinitePast() : *ParseSince(flags.since);
  std::ifstream file;
  const bool from_standard_input = flags.file == "-";
  if (!from_standard_input) {
    file.open(flags.file, std::ios::binary);
    if (!file) {
      return UsageError(session, absl::StrCat(Escaped(flags.file), ": ", std::strerror(errno)));
    }
  }
  std::istream& in = from_standard_input ? session.in : file;
  Shown shown(flags, since, session);
  for (std::string line; std::getline(in, line);) shown.Line(line);
  shown.End();
  if (!in.bad()) return 0;
  return UsageError(session, absl::StrCat(Escaped(flags.file), ": cannot be read to its end"));
}

}  // namespace

void AddAuditCommands(CLI::App& root, Session& session) {
  auto& audit = *root.add_subcommand("audit", "Read mutexd's audit trail");
  audit.require_subcommand(1);
  auto flags = std::make_shared<ShowFlags>();
  auto& command = *audit.add_subcommand("show", "Print an audit trail: who changed what, and how");
  command.add_option("file", flags->file, "The file of --audit-log; - is standard input")
      ->type_name("FILE");
  command.add_option("--group", flags->group, "Only attempts on this group")->type_name("ID");
  command.add_option("--caller", flags->caller, "Only attempts of this caller")->type_name("NAME");
  command
      .add_option("--since", flags->since,
                  "Only what is not older, such as 3h, 2d, 2026-01-31 or 2026-01-31T12:00:00Z")
      ->type_name("TIME")
      ->check([](const std::string& text) -> std::string {
        if (ParseSince(text)) return "";
        return absl::StrCat("expected a time or an age such as 3h or 2d, found \"", Escaped(text),
                            "\"");
      });
  command.add_option("--limit", flags->limit, "Only the last so many")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command.callback(
      [&session, flags] { session.action = [&session, flags] { return Show(session, *flags); }; });
}

}  // namespace mutexgroups::ctl
