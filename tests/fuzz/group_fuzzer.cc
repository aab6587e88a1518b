#include <cstddef>
#include <cstdint>
#include <string>

#include "service/amplitude/codec.h"
#include "service/amplitude/request_body.h"
#include "tests/fuzz/decoded_group.h"
#include "tests/fuzz/require.h"

namespace amplitude = mutexd::amplitude;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  amplitude::WrongKinds wrong_kinds;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto fetched = amplitude::DecodeGroup(body, wrong_kinds);
  if (!fetched.ok()) return 0;
  const auto& group = *(*fetched)->group;
  mutexd::fuzz::RequireWellFormed(group);
  // What is written can be read again, but for the id, which a create does not have.
  const std::string written = amplitude::CreateBody(group);
  const std::string with_id = "{\"id\":1," + written.substr(1);
  const auto again = amplitude::DecodeGroup(with_id, wrong_kinds);
  MUTEXD_REQUIRE(again.ok());
  MUTEXD_REQUIRE((*again)->group->name() == group.name());
  MUTEXD_REQUIRE((*again)->group->slots_size() == group.slots_size());
  MUTEXD_REQUIRE(amplitude::CreateBody(*(*again)->group) == written);
  return 0;
}
