#include "client/cpp/mutexctl/group_view.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "client/cpp/mutexctl/slot_bar.h"
#include "client/cpp/mutexctl/text_table.h"

namespace mutexgroups::ctl {
namespace {

constexpr int kNarrowestBar = 16;
constexpr int kWidestBar = 60;
constexpr int kNarrowestText = 10;
constexpr int kMembersShown = 4;

std::string StateText(v1::MutexGroup::State state) {
  switch (state) {
    case v1::MutexGroup::STATE_ACTIVE:
      return "active";
    case v1::MutexGroup::STATE_ARCHIVED:
      return "archived";
    default:
      return "";
  }
}

std::string ModeText(v1::EvaluationMode mode) {
  switch (mode) {
    case v1::EVALUATION_MODE_REMOTE:
      return "remote";
    case v1::EVALUATION_MODE_LOCAL:
      return "local";
    default:
      return "";
  }
}

std::string TimeText(bool is_set, const google::protobuf::Timestamp& time) {
  if (!is_set) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

// The first few members, and how many more there are.
template <typename Members>
std::string MembersText(const Members& members) {
  const int shown = std::min<int>(kMembersShown, members.size());
  std::string text = absl::StrJoin(members.begin(), members.begin() + shown, ", ");
  if (members.size() > shown) absl::StrAppend(&text, ", +", members.size() - shown);
  return Escaped(text);
}

template <typename Members, typename Member>
bool Holds(const Members& members, const Member& member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

bool NamesAMember(const v1::MutexGroupFilter& wanted) {
  return wanted.experiment_id() != 0 || wanted.holdout_id() != 0 || !wanted.individual().empty();
}

// The positions, from 1, of the slots that hold any of what is wanted.
std::string SlotsThatHold(const v1::MutexGroup& group, const v1::MutexGroupFilter& wanted) {
  std::vector<int> positions;
  for (int i = 0; i < group.slots_size(); ++i) {
    const auto& slot = group.slots(i);
    const bool individual =
        !wanted.individual().empty() && Holds(slot.individuals(), wanted.individual());
    if (Holds(slot.experiment_ids(), wanted.experiment_id()) ||
        Holds(slot.holdout_ids(), wanted.holdout_id()) || individual) {
      positions.push_back(i + 1);
    }
  }
  return absl::StrJoin(positions, ", ");
}

// The longest that a key and a name may be so that a row with a bar fits; 0 where anything may be.
int LongestText(const google::protobuf::RepeatedPtrField<v1::MutexGroup>& groups,
                const Terminal& terminal) {
  if (!terminal.out_is_terminal) return 0;
  int id_width = 0;
  for (const auto& group : groups) id_width = std::max(id_width, DisplayWidth(Escaped(group.id())));
  const int others = id_width + static_cast<int>(sizeof("archived") + sizeof("IN SLOTS")) + 8;
  return std::max(kNarrowestText, (terminal.width - others - kNarrowestBar) / 2);
}

int BarWidth(int used, const Terminal& terminal) {
  return std::clamp(terminal.width - used, kNarrowestBar, kWidestBar);
}

}  // namespace

std::string GroupTable(const google::protobuf::RepeatedPtrField<v1::MutexGroup>& groups,
                       const v1::MutexGroupFilter& wanted, const Terminal& terminal) {
  if (groups.empty()) return "No mutex groups.\n";
  const bool says_where = NamesAMember(wanted);
  std::vector<TextTable::Column> columns = {{"ID"}, {"KEY"}, {"NAME"}, {"STATE"}};
  if (says_where) columns.push_back({"IN SLOTS"});
  columns.push_back({"TRAFFIC"});

  const int longest = LongestText(groups, terminal);
  const auto fitted = [&](const std::string& text) {
    const auto safe = Escaped(text);
    return longest == 0 ? safe : Fitted(safe, longest, terminal.style.unicode);
  };
  std::vector<std::vector<std::string>> rows;
  TextTable measure(columns);
  for (const auto& group : groups) {
    std::vector<std::string> row = {Escaped(group.id()), fitted(group.key()), fitted(group.name()),
                                    StateText(group.state())};
    if (says_where) row.push_back(SlotsThatHold(group, wanted));
    measure.AddRow(row);
    rows.push_back(std::move(row));
  }
  const int bar_width = BarWidth(measure.WidthBeforeLast(), terminal);
  TextTable table(std::move(columns));
  for (int i = 0; i < groups.size(); ++i) {
    rows[i].push_back(TrafficBar(groups[i], bar_width, terminal.style));
    table.AddRow(std::move(rows[i]));
  }
  return table.Text();
}

namespace {

std::string SlotTable(const v1::MutexGroup& group, const Terminal& terminal) {
  using Align = TextTable::Align;
  const auto any = [&](auto members_of) {
    return std::any_of(group.slots().begin(), group.slots().end(),
                       [&](const v1::Slot& slot) { return !members_of(slot).empty(); });
  };
  const bool names = any([](const v1::Slot& slot) -> auto& { return slot.name(); });
  const bool holdouts = any([](const v1::Slot& slot) -> auto& { return slot.holdout_ids(); });
  const bool individuals = any([](const v1::Slot& slot) -> auto& { return slot.individuals(); });
  const bool cohorts = any([](const v1::Slot& slot) -> auto& { return slot.cohorts(); });

  std::vector<TextTable::Column> columns = {{"SLOT", Align::kRight}};
  if (names) columns.push_back({"NAME"});
  columns.push_back({"SHARE", Align::kRight});
  columns.push_back({"EXPERIMENTS"});
  if (holdouts) columns.push_back({"HOLDOUTS"});
  if (individuals) columns.push_back({"INDIVIDUALS"});
  if (cohorts) columns.push_back({"COHORTS"});
  columns.push_back({"TRAFFIC"});

  std::vector<std::vector<std::string>> rows;
  TextTable measure(columns);
  for (int i = 0; i < group.slots_size(); ++i) {
    const auto& slot = group.slots(i);
    std::vector<std::string> row = {absl::StrCat(i + 1)};
    if (names) row.push_back(Escaped(slot.name()));
    row.push_back(absl::StrCat(slot.percentage(), "%"));
    row.push_back(slot.experiment_ids().empty() ? "-" : MembersText(slot.experiment_ids()));
    if (holdouts) row.push_back(MembersText(slot.holdout_ids()));
    if (individuals) row.push_back(MembersText(slot.individuals()));
    if (cohorts) row.push_back(MembersText(slot.cohorts()));
    measure.AddRow(row);
    rows.push_back(std::move(row));
  }
  constexpr int kIndent = 2;
  const int width = BarWidth(measure.WidthBeforeLast() + kIndent, terminal);
  TextTable table(std::move(columns));
  for (int i = 0; i < group.slots_size(); ++i) {
    rows[i].push_back(SlotTrafficBar(group, i, width, terminal.style));
    table.AddRow(std::move(rows[i]));
  }
  return table.Text(kIndent);
}

}  // namespace

std::string GroupDetail(const v1::MutexGroup& group, const Terminal& terminal) {
  std::string bucketing = group.bucketing_key();
  if (!group.bucketing_salt().empty()) {
    absl::StrAppend(&bucketing, bucketing.empty() ? "" : ", ", "salt ", group.bucketing_salt());
  }
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"id", group.id()},
      {"key", group.key()},
      {"project", group.project_id() == 0 ? "" : absl::StrCat(group.project_id())},
      {"state", StateText(group.state())},
      {"description", group.description()},
      {"evaluation", ModeText(group.evaluation_mode())},
      {"bucketing", bucketing},
      {"created", TimeText(group.has_create_time(), group.create_time())},
      {"created by", group.created_by()},
      {"updated", TimeText(group.has_update_time(), group.update_time())},
      {"updated by", group.updated_by()},
      {"etag", group.etag()},
  };
  std::string text = absl::StrCat(Escaped(group.name()), "\n");
  for (const auto& [label, value] : fields) {
    if (value.empty()) continue;
    absl::StrAppend(&text, "  ", label, std::string(13 - label.size(), ' '), Escaped(value), "\n");
  }
  if (group.slots().empty()) return text;
  const int bar_width = std::min(terminal.width - 2, kWidestBar + 20);
  absl::StrAppend(&text, "\n  ", TrafficBar(group, bar_width, terminal.style), "\n\n",
                  SlotTable(group, terminal));
  return text;
}

}  // namespace mutexgroups::ctl
