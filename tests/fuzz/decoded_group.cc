#include "tests/fuzz/decoded_group.h"

#include "service/amplitude/etag.h"
#include "tests/fuzz/require.h"

namespace mutexd::fuzz {

void RequireWellFormed(const mutexgroups::v1::MutexGroup& group) {
  MUTEXD_REQUIRE(!group.id().empty());
  MUTEXD_REQUIRE(group.etag() == amplitude::Etag(group));
  for (int i = 0; i < group.slots_size(); ++i) MUTEXD_REQUIRE(group.slots(i).index() == i + 1);
  // Parsing refuses texts that are not UTF-8.
  mutexgroups::v1::MutexGroup copy;
  MUTEXD_REQUIRE(copy.ParseFromString(group.SerializeAsString()));
}

}  // namespace mutexd::fuzz
