#include "tests/bench/micro/amplitude_json.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace mutexd::bench {
namespace {

struct Slot {
  int percentage = 0;
  std::vector<int> experiments;
  std::vector<std::string> individuals;
};

std::string SlotJson(int index, const Slot& slot) {
  std::vector<std::string> individuals;
  for (const std::string& id : slot.individuals)
    individuals.push_back(absl::StrCat("\"", id, "\""));
  return absl::StrFormat(
      R"({"name":"SLOT %d","index":%d,"variantKey":"slot-%d","percentage":%d,"experiments":[%s],)"
      R"("holdouts":[],"individuals":[%s],"cohorts":[]})",
      index, index, index, slot.percentage, absl::StrJoin(slot.experiments, ","),
      absl::StrJoin(individuals, ","));
}

std::string GroupJson(int id, const std::string& name, const std::string& description,
                      const std::vector<Slot>& slots) {
  std::vector<std::string> texts;
  for (const Slot& slot : slots) {
    texts.push_back(SlotJson(static_cast<int>(texts.size()) + 1, slot));
  }
  return absl::StrFormat(
      R"({"id":%d,"projectId":271828,"name":"%s","key":"group-%d","description":"%s",)"
      R"("evaluationMode":"remote","bucketingKey":"amplitude_id","bucketingSalt":"s%07x",)"
      R"("slots":[%s],"deleted":false,"createdBy":"ada@example.com",)"
      R"("lastModifiedBy":"grace@example.com","createdAt":"2024-03-01T09:30:00.000Z",)"
      R"("lastModifiedAt":"2024-05-17T16:45:12.345Z"})",
      id, name, id, description, id, absl::StrJoin(texts, ","));
}

std::string ListedGroupJson(int index) {
  const int first = 50000 + 7 * index;
  return GroupJson(
      2000 + index, absl::StrFormat("Group number %04d", index),
      "Experiments that must not meet: prices, shipping and the order of results",
      {{34, {first, first + 1, first + 2}, {absl::StrCat("user-", index, "@example.com")}},
       {33, {first + 3, first + 4}, {absl::StrFormat("device-%08x", index)}},
       {33, {first + 5, first + 6}, {}}});
}

}  // namespace

std::string SmallGroupJson() {
  return GroupJson(1234, "Checkout", "Experiments on the way to the order",
                   {{60, {40017}, {}}, {40, {40018}, {}}});
}

std::string PageJson() {
  std::vector<std::string> groups;
  for (int i = 0; i < 1000; ++i) groups.push_back(ListedGroupJson(i));
  return absl::StrCat(R"({"mutexes":[)", absl::StrJoin(groups, ","), R"(],"nextCursor":null})");
}

}  // namespace mutexd::bench
