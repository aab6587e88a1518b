#include "service/groups/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "service/amplitude/error.h"

namespace mutexd::groups {
namespace {

amplitude::FetchedPage& PageOf(amplitude::FetchedPage& page, int groups, std::string next) {
  for (int i = 0; i < groups; ++i) {
    page.entries.push_back({.group = &v1::MutexGroup::default_instance()});
  }
  page.next_cursor = std::move(next);
  return page;
}

std::string TextOf(const absl::StatusOr<std::string>& result) {
  return result.ok() ? "'" + *result + "'"
                     : amplitude::ReasonName(amplitude::ReasonOf(result.status()));
}

std::string NextOf(const std::string& cursor, int groups, const std::string& next) {
  amplitude::FetchedPage page;
  return TextOf(NextCursor(cursor, PageOf(page, groups, next)));
}

std::string NextOf(CursorTrail& trail, const std::string& cursor, int groups,
                   const std::string& next) {
  amplitude::FetchedPage page;
  return TextOf(trail.Next(cursor, PageOf(page, groups, next)));
}

TEST(NextCursor, GoesOnWhereTheCursorAdvances) {
  EXPECT_EQ(NextOf("", 1, "1"), "'1'");
  EXPECT_EQ(NextOf("9", 1, "10"), "'10'");
  EXPECT_EQ(NextOf("", 1, "b3BhcXVl"), "'b3BhcXVl'");
  EXPECT_EQ(NextOf("b", 1, "a"), "'a'");
  EXPECT_EQ(NextOf("5", 0, "6"), "'6'");
}

TEST(NextCursor, EndsWithoutOne) { EXPECT_EQ(NextOf("5", 3, ""), "''"); }

TEST(NextCursor, EndsQuietlyOnAnEmptyPageWhereItDoesNotAdvance) {
  EXPECT_EQ(NextOf("5", 0, "5"), "''");
  EXPECT_EQ(NextOf("5", 0, "4"), "''");
  EXPECT_EQ(NextOf("", 0, "0"), "''");
  EXPECT_EQ(NextOf("a", 0, "a"), "''");
}

TEST(NextCursor, IsMalformedWhereItDoesNotAdvanceOtherwise) {
  EXPECT_EQ(NextOf("5", 1, "5"), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(NextOf("10", 1, "9"), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(NextOf("", 1, "0"), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(NextOf("a", 1, "a"), "MALFORMED_AMPLITUDE_REPLY");
}

TEST(CursorTrail, SeesACircleOfTexts) {
  CursorTrail trail;
  EXPECT_EQ(NextOf(trail, "", 1, "a"), "'a'");
  EXPECT_EQ(NextOf(trail, "a", 1, "b"), "'b'");
  EXPECT_EQ(NextOf(trail, "b", 1, "a"), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(NextOf(trail, "b", 0, "a"), "''");
}

TEST(CursorTrail, GoesOnAndEndsAsNextCursor) {
  CursorTrail trail;
  EXPECT_EQ(NextOf(trail, "", 1, "10"), "'10'");
  EXPECT_EQ(NextOf(trail, "10", 1, "9"), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(NextOf(trail, "10", 1, ""), "''");
}

}  // namespace
}  // namespace mutexd::groups
