#include "client/cpp/mutexctl/audit_view.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

constexpr char kGreen[] = "\x1b[32m";
constexpr char kRed[] = "\x1b[31m";
constexpr char kYellow[] = "\x1b[33m";
constexpr char kPlain[] = "\x1b[0m";

std::string Coloured(const char* colour, const std::string& text, BarStyle style) {
  return style.colour ? absl::StrCat(colour, text, kPlain) : text;
}

// What `first` has and `second` has not, in the order of `first`.
template <typename List>
std::string Missing(const List& first, const List& second, const char* sign, const char* colour,
                    BarStyle style) {
  using Member = std::decay_t<decltype(*first.begin())>;
  const std::set<Member> others(second.begin(), second.end());
  std::string text;
  for (const auto& member : first) {
    if (others.contains(member)) continue;
    absl::StrAppend(&text, " ", Coloured(colour, Escaped(absl::StrCat(sign, member)), style));
  }
  return text;
}

template <typename List>
void CompareLists(const std::string& name, const List& before, const List& after, BarStyle style,
                  std::vector<std::string>& lines) {
  const std::string difference =
      Missing(after, before, "+", kGreen, style) + Missing(before, after, "-", kRed, style);
  if (!difference.empty()) lines.push_back(name + difference);
}

void CompareTexts(const std::string& name, const std::string& before, const std::string& after,
                  BarStyle style, std::vector<std::string>& lines) {
  if (before == after) return;
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("\"", Escaped(text), "\"");
  };
  lines.push_back(absl::StrCat(name, " ", Coloured(kRed, quoted(before), style), " -> ",
                               Coloured(kGreen, quoted(after), style)));
}

std::string StateOf(const v1::MutexGroup& group) {
  std::string name = v1::MutexGroup::State_Name(group.state());
  return name.substr(std::min(name.size(), sizeof("STATE_") - 1));
}

void DescribeWrite(const AuditEntry& entry, BarStyle style, std::vector<std::string>& lines) {
  if (entry.code != "OK" && !entry.message.empty()) lines.push_back(Escaped(entry.message));
  const bool known = entry.before && entry.after;
  if (known) {
    const auto differences = GroupDifferences(*entry.before, *entry.after, style);
    lines.insert(lines.end(), differences.begin(), differences.end());
    if (differences.empty()) lines.emplace_back("nothing changed");
  } else if (entry.after) {
    const auto differences = GroupDifferences(v1::MutexGroup(), *entry.after, style);
    lines.insert(lines.end(), differences.begin(), differences.end());
  } else if (!entry.request.empty()) {
    lines.push_back(absl::StrCat("asked for ", Escaped(entry.request)));
  }
  if (entry.omitted_members > 0) {
    lines.push_back(absl::StrCat("(", entry.omitted_members, " members are not in the line)"));
  }
}

std::string Heading(const AuditEntry& entry, BarStyle style) {
  std::string text = absl::FormatTime("%Y-%m-%d %H:%M:%SZ", entry.time, absl::UTCTimeZone());
  if (entry.event == "opened") {
    absl::StrAppend(&text, "  the trail was opened by mutexd ", Escaped(entry.version));
    return text;
  }
  if (entry.event == "lost") {
    absl::StrAppend(&text, "  ", entry.attempts, " refused attempts left no line");
    return text;
  }
  if (entry.event != "write") return absl::StrCat(text, "  ", Escaped(entry.event));
  const bool is_open = entry.write_sent && entry.code != "OK";
  const char* colour = entry.code == "OK" ? kGreen : is_open ? kYellow : kRed;
  absl::StrAppend(&text, "  ", Coloured(colour, Escaped(entry.code), style));
  if (!entry.reason.empty()) absl::StrAppend(&text, " (", Escaped(entry.reason), ")");
  absl::StrAppend(&text, "  ", Escaped(entry.method));
  if (!entry.mutex_group_id.empty()) {
    absl::StrAppend(&text, " of ", Escaped(entry.mutex_group_id));
  }
  absl::StrAppend(&text, " by ", entry.caller.empty() ? "(unknown)" : Escaped(entry.caller), " at ",
                  Escaped(entry.peer), ", ", Escaped(entry.rpc_id));
  if (is_open) absl::StrAppend(&text, ", sent to Amplitude");
  return text;
}

}  // namespace

std::vector<std::string> GroupDifferences(const v1::MutexGroup& before, const v1::MutexGroup& after,
                                          BarStyle style) {
  std::vector<std::string> lines;
  CompareTexts("name", before.name(), after.name(), style, lines);
  CompareTexts("key", before.key(), after.key(), style, lines);
  CompareTexts("description", before.description(), after.description(), style, lines);
  CompareTexts("state", StateOf(before), StateOf(after), style, lines);
  const int slots = std::max(before.slots_size(), after.slots_size());
  for (int i = 0; i < slots; ++i) {
    const v1::Slot none;
    const auto& then = i < before.slots_size() ? before.slots(i) : none;
    const auto& now = i < after.slots_size() ? after.slots(i) : none;
    const std::string slot = absl::StrCat("slot ", i + 1, " ");
    if (then.percentage() != now.percentage()) {
      lines.push_back(
          absl::StrCat(slot, "share ", then.percentage(), "% -> ", now.percentage(), "%"));
    }
    CompareLists(slot + "experiments", then.experiment_ids(), now.experiment_ids(), style, lines);
    CompareLists(slot + "holdouts", then.holdout_ids(), now.holdout_ids(), style, lines);
    CompareLists(slot + "individuals", then.individuals(), now.individuals(), style, lines);
    CompareLists(slot + "cohorts", then.cohorts(), now.cohorts(), style, lines);
  }
  return lines;
}

std::string AuditText(const AuditEntry& entry, BarStyle style) {
  std::string text = absl::StrCat(Heading(entry, style), "\n");
  std::vector<std::string> lines;
  if (entry.event == "write") DescribeWrite(entry, style, lines);
  for (const std::string& line : lines) absl::StrAppend(&text, "    ", line, "\n");
  return text;
}

}  // namespace mutexgroups::ctl
