#include <cstddef>
#include <cstdint>
#include <string>

#include "service/amplitude/codec.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mutexd::amplitude::WrongKinds wrong_kinds;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto reply = mutexd::amplitude::DecodeCreateReply(body, wrong_kinds);
  if (reply.ok()) MUTEXD_REQUIRE(!reply->id.empty());
  return 0;
}
