#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "service/amplitude/error_text.h"
#include "service/amplitude/utf8_text.h"
#include "tests/fuzz/require.h"

namespace amplitude = mutexd::amplitude;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr absl::string_view kKey = "ampex_0123456789";
  const absl::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string text = amplitude::ReduceErrorText(body, kKey);
  MUTEXD_REQUIRE(text.size() <= amplitude::kMaxErrorTextBytes);
  std::string valid;
  amplitude::AppendValidUtf8(text, valid);
  MUTEXD_REQUIRE(valid == text);
  for (const char c : text) MUTEXD_REQUIRE(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
  MUTEXD_REQUIRE(!absl::StrContains(text, kKey));
  return 0;
}
