#include "service/sandbox/sample_groups.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace mutexd::sandbox {
namespace {

constexpr std::int64_t kFirstGeneratedId = 100'001;

absl::Time Noon(int year, int month, int day) {
  return absl::FromCivil(absl::CivilHour(year, month, day, 12), absl::UTCTimeZone());
}

MutexGroup Sample(std::int64_t id, std::string key, std::string name, std::string salt,
                  std::vector<Slot> slots) {
  MutexGroup group;
  group.id = id;
  group.project_id = kSampleProjectId;
  group.key = std::move(key);
  group.name = std::move(name);
  group.bucketing_salt = std::move(salt);
  group.slots = std::move(slots);
  group.created_by = group.last_modified_by = "ada@example.com";
  return group;
}

// 0 to 5,000 members: most groups are small, every 10th is large, every 50th very large.
int GeneratedIndividuals(int number) {
  if (number % 50 == 0) return 5000;
  if (number % 10 == 0) return 400;
  return number * 7 % 60;
}

}  // namespace

std::vector<MutexGroup> SampleGroups() {
  MutexGroup checkout = Sample(1001, "checkout", "Checkout", "aBcD1234",
                               {{.percentage = 40,
                                 .experiments = {123},
                                 .holdouts = {456},
                                 .individuals = {"tester-1@example.com"}},
                                {.percentage = 40, .experiments = {124}},
                                {.percentage = 20}});
  checkout.description = "Experiments on the way from cart to order; 20 % see none of them.";
  checkout.created_at = Noon(2024, 3, 4);
  checkout.last_modified_at = Noon(2024, 9, 16);
  checkout.last_modified_by = "grace@example.com";

  MutexGroup search = Sample(
      1002, "search-ranking", "Search ranking", "Zx81Qw90",
      {{.percentage = 50, .experiments = {201, 202}}, {.percentage = 50, .experiments = {203}}});
  search.description = "Ranking models; one at a time, so that their metrics can be told apart.";
  search.created_at = search.last_modified_at = Noon(2024, 5, 20);

  MutexGroup onboarding = Sample(1003, "onboarding", "Onboarding", "k3YpL0aD",
                                 {{.percentage = 34, .experiments = {301}},
                                  {.percentage = 33, .experiments = {302}},
                                  {.percentage = 33, .experiments = {303}, .holdouts = {456}}});
  onboarding.bucketing_key = "device_id";
  onboarding.created_at = onboarding.last_modified_at = Noon(2024, 6, 3);

  MutexGroup pricing = Sample(1004, "pricing-page", "Pricing page", "pR1c1nG0",
                              {{.percentage = 10,
                                .experiments = {401},
                                .individuals = {"tester-1@example.com", "tester-2@example.com"},
                                .cohorts = {"beta-customers"}},
                               {.percentage = 90}});
  pricing.created_at = Noon(2024, 7, 1);
  pricing.last_modified_at = Noon(2025, 1, 13);

  MutexGroup edge =
      Sample(1005, "edge-cache-policy", "Edge cache policy", "l0c4lEv1",
             {{.percentage = 25, .experiments = {501}}, {.percentage = 75, .experiments = {502}}});
  edge.description = "Evaluated in our own servers: local experiments only.";
  edge.evaluation_mode = EvaluationMode::kLocal;
  edge.bucketing_key = "user_id";
  edge.created_at = edge.last_modified_at = Noon(2024, 10, 7);

  MutexGroup archived = Sample(1006, "black-friday-2023", "Black Friday 2023", "bF2023xx",
                               {{.percentage = 50, .experiments = {90, 91}}, {.percentage = 50}});
  archived.deleted = true;
  archived.created_at = Noon(2023, 10, 30);
  archived.last_modified_at = Noon(2023, 12, 4);

  return {checkout, search, onboarding, pricing, edge, archived};
}

std::vector<MutexGroup> GeneratedGroups(int count) {
  std::vector<MutexGroup> groups;
  groups.reserve(static_cast<std::size_t>(count));
  for (int number = 1; number <= count; ++number) {
    const int slot_count = 1 + number % kMaxSlots;
    std::vector<Slot> slots(static_cast<std::size_t>(slot_count));
    for (Slot& slot : slots) slot.percentage = kTotalPercentage / slot_count;
    slots.front().percentage += kTotalPercentage % slot_count;
    for (int i = 0; i < number % 8; ++i) {
      slots[static_cast<std::size_t>(i % slot_count)].experiments.push_back(number * 10 + i);
    }
    if (number % 5 == 0) slots.back().holdouts.push_back(900 + number % 7);
    for (int i = 0; i < GeneratedIndividuals(number); ++i) {
      slots[static_cast<std::size_t>(i % slot_count)].individuals.push_back(
          absl::StrFormat("user-%06d-%05d", number, i));
    }
    MutexGroup group =
        Sample(kFirstGeneratedId + number - 1, absl::StrFormat("generated-%06d", number),
               absl::StrCat("Generated group ", number), absl::StrFormat("g%07d", number),
               std::move(slots));
    if (number % 3 == 0) group.description = absl::StrCat("The generated group number ", number);
    group.created_at = group.last_modified_at = Noon(2024, 1, 1) + absl::Minutes(number);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace mutexd::sandbox
