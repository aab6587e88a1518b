#include "service/rpc/page_token.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/amplitude_types.h"
#include "service/amplitude/error.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

// Version 1: the version's byte, the checksum of the rest (8 bytes), the hash of the listing (8
// bytes), limit (2 bytes), skip (4 bytes), the cursor; all in URL-safe base64. Numbers are
// little-endian.
constexpr char kVersion = 1;
constexpr std::size_t kChecksumAt = 1;
constexpr std::size_t kListingAt = 9;
constexpr std::size_t kLimitAt = 17;
constexpr std::size_t kSkipAt = 19;
constexpr std::size_t kCursorAt = 23;

void AppendNumber(std::uint64_t number, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
}

std::uint64_t NumberAt(absl::string_view bytes, std::size_t at, int size) {
  std::uint64_t number = 0;
  for (int i = 0; i < size; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return number;
}

std::uint64_t Hash(absl::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// Of what a token is bound to.
std::uint64_t ListingHash(const v1::ListMutexGroupsRequest& request) {
  const v1::MutexGroupFilter& filter = request.filter();
  std::string bytes;
  const auto append_text = [&bytes](absl::string_view text) {
    AppendNumber(text.size(), 8, bytes);
    absl::StrAppend(&bytes, text);
  };
  AppendNumber(request.show_archived() ? 1 : 0, 1, bytes);
  AppendNumber(static_cast<std::uint64_t>(filter.project_id()), 8, bytes);
  append_text(filter.key());
  AppendNumber(static_cast<std::uint64_t>(filter.experiment_id()), 8, bytes);
  AppendNumber(static_cast<std::uint64_t>(filter.holdout_id()), 8, bytes);
  append_text(filter.individual());
  return Hash(bytes);
}

absl::Status Invalid(absl::string_view problem) {
  const amplitude::FieldViolation violation{
      "page_token",
      absl::StrCat(problem,
                   "; send next_page_token of the page before as it is, or start again "
                   "with an empty token")};
  return amplitude::InvalidRequest({violation}, v1::ERROR_REASON_INVALID_PAGE_TOKEN);
}

}  // namespace

std::string EncodePageToken(const groups::ListPosition& position,
                            const v1::ListMutexGroupsRequest& request) {
  std::string checked;
  AppendNumber(ListingHash(request), 8, checked);
  AppendNumber(static_cast<std::uint64_t>(position.limit), 2, checked);
  AppendNumber(static_cast<std::uint64_t>(position.skip), 4, checked);
  absl::StrAppend(&checked, position.cursor);
  std::string token(1, kVersion);
  AppendNumber(Hash(checked), 8, token);
  absl::StrAppend(&token, checked);
  return absl::WebSafeBase64Escape(token);
}

absl::StatusOr<groups::ListPosition> DecodePageToken(absl::string_view token,
                                                     const v1::ListMutexGroupsRequest& request) {
  if (token.empty()) return groups::ListPosition{};
  std::string bytes;
  // Encoding again shows bits that decoding passes over.
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.empty() ||
      absl::WebSafeBase64Escape(bytes) != token) {
    return Invalid("is not a page token");
  }
  if (bytes[0] != kVersion) return Invalid("is a page token of another version");
  const absl::string_view all(bytes);
  if (all.size() < kCursorAt || NumberAt(all, kChecksumAt, 8) != Hash(all.substr(kListingAt))) {
    return Invalid("is corrupt");
  }
  if (NumberAt(all, kListingAt, 8) != ListingHash(request)) {
    return Invalid("was made for another filter or show_archived");
  }
  const auto limit = static_cast<int>(NumberAt(all, kLimitAt, 2));
  // Amplitude may serve more elements than it was asked for, but no more than fit into an int.
  const auto skip = static_cast<int>(NumberAt(all, kSkipAt, 4));
  const bool possible = limit <= amplitude::kMaxListLimit && skip >= 0 && (skip == 0 || limit > 0);
  if (!possible) return Invalid("is corrupt");
  return groups::ListPosition{
      .cursor = std::string(all.substr(kCursorAt)), .limit = limit, .skip = skip};
}

}  // namespace mutexd::rpc
