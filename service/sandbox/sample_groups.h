// The groups that an emulator without a state file begins with. The same on every start.
#pragma once

#include <vector>

#include "service/sandbox/mutex_group.h"

namespace mutexd::sandbox {

// The project that all of them belong to.
inline constexpr std::int64_t kSampleProjectId = 5678;

// A handful of realistic ones, ids 1001 to 1006: Checkout, Search ranking, Onboarding, Pricing
// page, one of local evaluation, and an archived one.
std::vector<MutexGroup> SampleGroups();

// `count` groups of very different sizes (0.5 KB to 100 KB of JSON, about 5 KB on average), ids
// from 100001 on, for paging and load tests.
std::vector<MutexGroup> GeneratedGroups(int count);

}  // namespace mutexd::sandbox
