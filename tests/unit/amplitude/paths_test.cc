#include "service/amplitude/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mutexd::amplitude {
namespace {

using testing::HasSubstr;
using testing::Optional;

TEST(GroupIdProblem, AcceptsWhateverCanBeASegment) {
  for (const char* id : {"1234", "abc-DEF_9", "a/b", "%2e%2e", "...", "gü", "a b", "\xC2\xA0"}) {
    EXPECT_EQ(GroupIdProblem(id), std::nullopt) << id;
  }
  EXPECT_EQ(GroupIdProblem(std::string(128, 'x')), std::nullopt);
}

TEST(GroupIdProblem, RefusesWhatIsNoSegmentOrTooLong) {
  EXPECT_THAT(GroupIdProblem(""), Optional(HasSubstr("empty")));
  EXPECT_THAT(GroupIdProblem("."), Optional(HasSubstr("\"..\"")));
  EXPECT_THAT(GroupIdProblem(".."), Optional(HasSubstr("\"..\"")));
  EXPECT_THAT(GroupIdProblem(std::string(129, 'x')), Optional(HasSubstr("128 bytes")));
}

TEST(GroupIdProblem, RefusesControlCharacters) {
  for (const absl::string_view id : {absl::string_view("a\nb"), absl::string_view("a\0b", 3),
                                     absl::string_view("a\x7F"), absl::string_view("a\xC2\x85")}) {
    EXPECT_THAT(GroupIdProblem(id), Optional(HasSubstr("control"))) << id;
  }
}

TEST(Paths, EncodeEverythingThatIsNotUnreserved) {
  EXPECT_EQ(PercentEncode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(PercentEncode(absl::string_view("/?#%&=+ \0", 9)), "%2F%3F%23%25%26%3D%2B%20%00");
  EXPECT_EQ(PercentEncode("ü"), "%C3%BC");
}

TEST(Paths, NameTheCollectionAGroupAndASlot) {
  EXPECT_EQ(CollectionPath(), "/api/1/mutexes");
  EXPECT_EQ(GroupPath("1234"), "/api/1/mutexes/1234");
  EXPECT_EQ(GroupPath("../x?y"), "/api/1/mutexes/..%2Fx%3Fy");
  EXPECT_EQ(SlotPath("a b", 2), "/api/1/mutexes/a%20b/slots/2");
}

TEST(Paths, ListSendsLimitAndCursor) {
  EXPECT_EQ(ListPath({1000, ""}), "/api/1/mutexes?limit=1000");
  EXPECT_EQ(ListPath({7, "200"}), "/api/1/mutexes?limit=7&cursor=200");
  EXPECT_EQ(ListPath({7, "a&limit=1#"}), "/api/1/mutexes?limit=7&cursor=a%26limit%3D1%23");
}

}  // namespace
}  // namespace mutexd::amplitude
