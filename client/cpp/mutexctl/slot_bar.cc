#include "client/cpp/mutexctl/slot_bar.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace mutexgroups::ctl {
namespace {

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::array<std::string_view, 5> kColours = {"\x1b[36m", "\x1b[32m", "\x1b[33m",
                                                      "\x1b[35m", "\x1b[34m"};

bool IsFree(const v1::Slot& slot) {
  return slot.experiment_ids().empty() && slot.holdout_ids().empty();
}

// A share that arithmetic can trust, whatever the service says.
std::int64_t Share(const v1::Slot& slot) { return std::clamp(slot.percentage(), 0, 100); }

std::string Repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

// A slot's cells, with its percentage in the middle where that leaves a cell on both sides.
std::string Segment(const v1::Slot& slot, int position, int cells, BarStyle style) {
  const std::string_view fill = IsFree(slot)    ? (style.unicode ? "░" : ".")
                                : style.unicode ? "█"
                                                : "#";
  const std::string label = absl::StrCat(" ", slot.percentage(), "% ");
  const int label_width = static_cast<int>(label.size());
  std::string text;
  if (cells >= label_width + 2) {
    const int left = (cells - label_width) / 2;
    text = Repeated(fill, left) + label + Repeated(fill, cells - label_width - left);
  } else {
    text = Repeated(fill, cells);
  }
  if (!style.colour) return text;
  const auto colour = IsFree(slot) ? kDim : kColours[position % kColours.size()];
  return std::string(colour).append(text).append(kPlain);
}

}  // namespace

std::vector<int> CellsOfSlots(const v1::MutexGroup& group, int width) {
  const auto& slots = group.slots();
  std::int64_t total = 0;
  for (const auto& slot : slots) total += Share(slot);
  total = std::max<std::int64_t>(total, 100);
  std::vector<int> cells;
  std::int64_t shares = 0;
  int used = 0;
  for (const auto& slot : slots) {
    shares += Share(slot);
    const int end = static_cast<int>((shares * width + total / 2) / total);
    cells.push_back(end - used);
    used = end;
  }
  // A slot that rounding left without a cell gets one of the widest.
  for (auto& cell : cells) {
    if (cell > 0) continue;
    auto& widest = *std::max_element(cells.begin(), cells.end());
    if (widest > 1) --widest;
    cell = 1;
  }
  return cells;
}

std::string TrafficBar(const v1::MutexGroup& group, int width, BarStyle style) {
  const int count = group.slots_size();
  if (count == 0) return "(no slots)";
  const auto cells = CellsOfSlots(group, std::max(width - count - 1, count));
  const std::string_view separator = style.unicode ? "│" : "|";
  std::string bar(style.unicode ? "│" : "[");
  for (int i = 0; i < count; ++i) {
    if (i > 0) bar += separator;
    bar += Segment(group.slots(i), i, cells[i], style);
  }
  return bar += style.unicode ? "│" : "]";
}

std::string SlotTrafficBar(const v1::MutexGroup& group, int position, int width, BarStyle style) {
  const auto cells = CellsOfSlots(group, width);
  const int before = std::accumulate(cells.begin(), cells.begin() + position, 0);
  return std::string(before, ' ') +
         Segment(group.slots(position), position, cells[position], style);
}

}  // namespace mutexgroups::ctl
