#include "service/rpc/page_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/error_matcher.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

using groups::ListPosition;

// Those of a token, and some others.
constexpr absl::string_view kCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=\n \xc3";

v1::ListMutexGroupsRequest Filtered() {
  v1::ListMutexGroupsRequest request;
  request.mutable_filter()->set_project_id(1);
  request.mutable_filter()->set_key("checkout");
  request.mutable_filter()->set_individual("ada");
  return request;
}

bool IsRefused(const std::string& token, const v1::ListMutexGroupsRequest& request) {
  const auto position = DecodePageToken(token, request);
  return absl::IsInvalidArgument(position.status()) &&
         amplitude::ReasonOf(position.status()) == v1::ERROR_REASON_INVALID_PAGE_TOKEN;
}

void ExpectRoundTrip(const ListPosition& position) {
  const auto decoded = DecodePageToken(EncodePageToken(position, Filtered()), Filtered());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->cursor, position.cursor);
  EXPECT_EQ(decoded->limit, position.limit);
  EXPECT_EQ(decoded->skip, position.skip);
}

TEST(PageToken, CarriesThePosition) {
  ExpectRoundTrip({});
  ExpectRoundTrip({.cursor = "1000"});
  ExpectRoundTrip({.cursor = "1000", .limit = 1000, .skip = 999});
  ExpectRoundTrip({.cursor = std::string("\0\xff opaque", 9), .limit = 1});
  ExpectRoundTrip({.cursor = std::string(5000, 'c'), .limit = 7, .skip = 3});
  ExpectRoundTrip({.limit = 1000, .skip = 70000});  // Amplitude ignored the limit
}

TEST(PageToken, AnEmptyTokenIsTheBeginning) {
  const auto position = DecodePageToken("", Filtered());
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->cursor, "");
  EXPECT_EQ(position->limit, 0);
  EXPECT_EQ(position->skip, 0);
}

// Tokens work on any replica and after a restart, and so of every build.
TEST(PageToken, IsTheSameEverywhere) {
  EXPECT_EQ(EncodePageToken({.cursor = "1000", .limit = 100, .skip = 5}, Filtered()),
            "AUrY_5DFcGpSuPZGbs6WcolkAAUAAAAxMDAw");
}

TEST(PageToken, AnyFlippedCharacterIsRefused) {
  const std::string token =
      EncodePageToken({.cursor = "1000", .limit = 100, .skip = 5}, Filtered());
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char other : kCharacters) {
      std::string flipped = token;
      flipped[i] = other;
      if (flipped == token) continue;
      EXPECT_TRUE(IsRefused(flipped, Filtered())) << i << " " << other;
    }
  }
}

TEST(PageToken, AnyOtherLengthIsRefused) {
  const std::string token = EncodePageToken({.cursor = "1000"}, Filtered());
  for (std::size_t i = 1; i < token.size(); ++i) {
    EXPECT_TRUE(IsRefused(token.substr(0, i), Filtered())) << i;
    EXPECT_TRUE(IsRefused(token.substr(i), Filtered())) << i;
  }
  EXPECT_TRUE(IsRefused(token + "A", Filtered()));
  EXPECT_TRUE(IsRefused(token + "AAAA", Filtered()));
  EXPECT_TRUE(IsRefused(token + "=", Filtered()));
  EXPECT_TRUE(IsRefused(" " + token, Filtered()));
}

TEST(PageToken, TextThatIsNoTokenIsRefused) {
  for (const std::string text : {"1000", "AQ", "not a token", "====", "\xff\xfe"}) {
    EXPECT_TRUE(IsRefused(text, Filtered())) << text;
  }
}

TEST(PageToken, AnImpossiblePositionIsRefused) {
  EXPECT_TRUE(IsRefused(EncodePageToken({.limit = 1001}, Filtered()), Filtered()));
  EXPECT_TRUE(IsRefused(EncodePageToken({.limit = 0, .skip = 1}, Filtered()), Filtered()));
  EXPECT_TRUE(IsRefused(EncodePageToken({.limit = 5, .skip = -1}, Filtered()), Filtered()));
}

TEST(PageToken, AnotherVersionSaysSo) {
  std::string token = EncodePageToken({}, Filtered());
  token.replace(0, 2, "Ag");  // 2
  EXPECT_TRUE(IsRefused(token, Filtered()));
  EXPECT_THAT(std::string(DecodePageToken(token, Filtered()).status().message()),
              ::testing::HasSubstr("another version"));
}

TEST(PageToken, IsBoundToFilterAndShowArchived) {
  const std::string token = EncodePageToken({.cursor = "1000"}, Filtered());
  std::vector<v1::ListMutexGroupsRequest> others(7, Filtered());
  others[0].clear_filter();
  others[1].mutable_filter()->set_project_id(2);
  others[2].mutable_filter()->set_key("other");
  others[3].mutable_filter()->set_experiment_id(1);
  others[4].mutable_filter()->set_holdout_id(1);
  others[5].mutable_filter()->set_individual("grace");
  others[6].set_show_archived(true);
  for (const auto& other : others) {
    EXPECT_TRUE(IsRefused(token, other)) << other.ShortDebugString();
  }
}

TEST(PageToken, IsBoundToNothingElse) {
  const std::string token = EncodePageToken({.cursor = "1000"}, Filtered());
  v1::ListMutexGroupsRequest other = Filtered();
  other.set_page_size(7);
  other.mutable_max_staleness()->set_seconds(5);
  other.set_page_token("x");
  EXPECT_TRUE(DecodePageToken(token, other).ok());
}

TEST(PageToken, AnEmptyFilterIsNone) {
  v1::ListMutexGroupsRequest empty;
  empty.mutable_filter();
  EXPECT_TRUE(DecodePageToken(EncodePageToken({}, {}), empty).ok());
}

TEST(PageToken, TextsOfTheFilterDoNotRunIntoEachOther) {
  v1::ListMutexGroupsRequest one;
  one.mutable_filter()->set_key("ab");
  v1::ListMutexGroupsRequest other;
  other.mutable_filter()->set_individual("ab");
  EXPECT_TRUE(IsRefused(EncodePageToken({}, one), other));
}

TEST(PageToken, FitsIntoWhatListsKeepFreeForIt) {
  for (const std::size_t size : {0, 1, 2, 3, 100, 4000}) {
    const std::string cursor(size, 'c');
    EXPECT_LE(EncodePageToken({.cursor = cursor, .limit = 1000, .skip = 999}, {}).size(),
              (size + 64) * 4 / 3);
  }
}

TEST(PageToken, TheViolationNamesTheField) {
  const auto position = DecodePageToken("x", {});
  const auto bad = amplitude::DetailOf<google::rpc::BadRequest>(position.status());
  ASSERT_TRUE(bad.has_value());
  ASSERT_EQ(bad->field_violations_size(), 1);
  EXPECT_EQ(bad->field_violations(0).field(), "page_token");
}

}  // namespace
}  // namespace mutexd::rpc
