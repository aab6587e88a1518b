#include <cstddef>
#include <cstdint>
#include <string>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/error.h"
#include "service/rpc/page_token.h"
#include "tests/fuzz/require.h"

namespace rpc = mutexd::rpc;
namespace v1 = mutexgroups::v1;

namespace {

// A token that is accepted is one that the service could have made.
void CheckToken(const std::string& token, const v1::ListMutexGroupsRequest& request) {
  const auto position = rpc::DecodePageToken(token, request);
  if (!position.ok()) {
    MUTEXD_REQUIRE(mutexd::amplitude::ReasonOf(position.status()) ==
                   v1::ERROR_REASON_INVALID_PAGE_TOKEN);
    return;
  }
  MUTEXD_REQUIRE(position->skip >= 0 && position->limit >= 0 && position->limit <= 1000);
  MUTEXD_REQUIRE(token.empty() || rpc::EncodePageToken(*position, request) == token);
}

// What the service makes comes back, to the same listing only, and not with any bit changed.
void CheckRoundTrip(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kNumberBytes = 5;
  if (size < kNumberBytes) return;
  mutexd::groups::ListPosition position;
  position.limit = 1 + (data[0] | data[1] << 8) % 1000;
  position.skip = data[2] | data[3] << 8;
  const std::size_t flipped_bit = data[4];
  position.cursor.assign(reinterpret_cast<const char*>(data + kNumberBytes), size - kNumberBytes);

  v1::ListMutexGroupsRequest request;
  request.mutable_filter()->set_key(position.cursor);
  const std::string token = rpc::EncodePageToken(position, request);
  const auto decoded = rpc::DecodePageToken(token, request);
  MUTEXD_REQUIRE(decoded.ok());
  MUTEXD_REQUIRE(decoded->cursor == position.cursor);
  MUTEXD_REQUIRE(decoded->limit == position.limit);
  MUTEXD_REQUIRE(decoded->skip == position.skip);

  std::string corrupt = token;
  corrupt[flipped_bit / 8 % corrupt.size()] ^= static_cast<char>(1 << flipped_bit % 8);
  MUTEXD_REQUIRE(!rpc::DecodePageToken(corrupt, request).ok());
  request.set_show_archived(true);
  MUTEXD_REQUIRE(!rpc::DecodePageToken(token, request).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CheckToken(std::string(reinterpret_cast<const char*>(data), size), {});
  CheckRoundTrip(data, size);
  return 0;
}
