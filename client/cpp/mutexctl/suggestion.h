// What a mistyped name was most likely meant to be.
#pragma once

#include <string>
#include <vector>

namespace mutexgroups::ctl {

// The candidate that is nearest to `name` by letters to change, add or leave out; empty where none
// is near enough for a guess.
std::string Suggestion(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace mutexgroups::ctl
