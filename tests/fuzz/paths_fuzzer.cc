#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "service/amplitude/paths.h"
#include "tests/fuzz/require.h"

namespace amplitude = mutexd::amplitude;

namespace {

// Undoes percent-encoding; only of what PercentEncode may yield.
std::string Decode(absl::string_view encoded) {
  std::string decoded;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      MUTEXD_REQUIRE(!absl::StrContains("/?#&=\\ ", encoded.substr(i, 1)));
      decoded.push_back(encoded[i]);
      continue;
    }
    MUTEXD_REQUIRE(i + 2 < encoded.size());
    decoded.push_back(
        static_cast<char>(std::stoi(std::string(encoded.substr(i + 1, 2)), nullptr, 16)));
    i += 2;
  }
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  MUTEXD_REQUIRE(Decode(amplitude::PercentEncode(text)) == text);

  amplitude::ListQuery query;
  query.limit = 7;
  query.cursor = text;
  std::string list_path = amplitude::ListPath(query);
  absl::string_view list = list_path;
  MUTEXD_REQUIRE(absl::ConsumePrefix(&list, "/api/1/mutexes?limit=7"));
  MUTEXD_REQUIRE(absl::ConsumePrefix(&list, "&cursor=") == !text.empty());
  MUTEXD_REQUIRE(Decode(list) == text);

  if (amplitude::GroupIdProblem(text)) return 0;
  const std::string slot_path = amplitude::SlotPath(text, 3);
  absl::string_view segment = slot_path;
  MUTEXD_REQUIRE(absl::ConsumePrefix(&segment, "/api/1/mutexes/"));
  MUTEXD_REQUIRE(absl::ConsumeSuffix(&segment, "/slots/3"));
  MUTEXD_REQUIRE(segment != "." && segment != "..");
  MUTEXD_REQUIRE(Decode(segment) == text);
  return 0;
}
