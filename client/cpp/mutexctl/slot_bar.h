// A group's slots as a bar of traffic, one line of a terminal:
//
//   │████ 40% ████│░░░░░░ 60% ░░░░░░│        [#### 40% ####|...... 60% ......]
//
// Each slot takes the cells of its share. Slots that hold an experiment or a holdout group are
// solid, free ones are light.
#pragma once

#include <string>
#include <vector>

#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexgroups::ctl {

struct BarStyle {
  bool unicode = false;
  bool colour = false;
};

// How many of `width` cells each slot takes: in proportion to the shares, at least one each, and
// `width` together (more only where there are more slots than cells). What the shares lack to 100 %
// belongs to no slot.
std::vector<int> CellsOfSlots(const v1::MutexGroup& group, int width);

// The bar of the whole group, `width` columns wide unless its slots need more.
std::string TrafficBar(const v1::MutexGroup& group, int width, BarStyle style);

// The part of the bar that belongs to the slot at `position` (from zero), at its place in `width`
// columns, without a frame and without spaces behind it.
std::string SlotTrafficBar(const v1::MutexGroup& group, int position, int width, BarStyle style);

}  // namespace mutexgroups::ctl
