#include <cstddef>
#include <cstdint>
#include <string>

#include "service/amplitude/codec.h"
#include "tests/fuzz/decoded_group.h"
#include "tests/fuzz/read_alike.h"
#include "tests/fuzz/require.h"

namespace amplitude = mutexd::amplitude;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  amplitude::WrongKinds wrong_kinds;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto page = amplitude::DecodePage(body, wrong_kinds);
  mutexd::fuzz::RequireReadAlike(body);
  if (!page.ok()) return 0;
  for (const amplitude::ListEntry& entry : (*page)->entries) {
    MUTEXD_REQUIRE((entry.group == nullptr) != (entry.unreadable == nullptr));
    if (entry.group != nullptr) MUTEXD_REQUIRE(entry.bytes == entry.group->ByteSizeLong());
    if (entry.group != nullptr) mutexd::fuzz::RequireWellFormed(*entry.group);
    if (entry.unreadable != nullptr) MUTEXD_REQUIRE(!entry.unreadable->reason().empty());
  }
  return 0;
}
