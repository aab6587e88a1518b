#include "client/cpp/mutexctl/suggestion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace mutexgroups::ctl {
namespace {

// Levenshtein's distance, a row of his table at a time.
int EditDistance(const std::string& a, const std::string& b) {
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i));
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kShortestBeginning = 3;

}  // namespace

std::string Suggestion(const std::string& name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kLongestName) return "";
  const auto lower = absl::AsciiStrToLower(name);
  std::string nearest;
  int best = std::max<int>(2, static_cast<int>(name.size()) / 3) + 1;
  for (const auto& candidate : candidates) {
    if (name.size() >= kShortestBeginning && absl::StartsWith(candidate, lower)) return candidate;
    const int distance = EditDistance(lower, candidate);
    // A guess keeps at least a letter of what was written.
    if (distance < best && distance < static_cast<int>(name.size())) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace mutexgroups::ctl
