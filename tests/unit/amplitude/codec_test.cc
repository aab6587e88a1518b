#include "service/amplitude/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

// The forms of replies are in tests/contract/golden; here is what does not fit into a file.
namespace mutexd::amplitude {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string Group(const std::string& id, const std::string& more = "") {
  return absl::StrCat(R"({"id":)", id, R"(,"slots":[{"percentage":100}])", more, "}");
}

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

absl::StatusOr<std::shared_ptr<FetchedPage>> Page(const std::string& body) {
  WrongKinds wrong_kinds;
  return DecodePage(body, wrong_kinds);
}

TEST(Codec, MalformedRepliesAreInternalErrorsOfTheirReason) {
  WrongKinds wrong_kinds;
  for (const absl::Status& status :
       {DecodePage("<html>", wrong_kinds).status(), DecodeGroup("[]", wrong_kinds).status(),
        DecodeGroup("{}", wrong_kinds).status(), DecodeCreateReply("OK", wrong_kinds).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
  }
}

TEST(Codec, NamesTheJsonPathOfABadSlot) {
  const auto page =
      Page(absl::StrCat(R"({"mutexes":[)", Group("1"), ",", Group("2"), ",", Group("3"),
                        R"(,{"id":4,"slots":[{"percentage":1},{"percentage":"half"}]}]})"));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ((*page)->entries.size(), 4u);
  ASSERT_NE((*page)->entries[3].unreadable, nullptr);
  EXPECT_EQ((*page)->entries[3].unreadable->mutex_group_id(), "4");
  EXPECT_EQ((*page)->entries[3].unreadable->reason(),
            "mutexes[3].slots[1].percentage: expected an integer, found a string");
}

TEST(Codec, EntriesKeepAmplitudesOrder) {
  const auto page = Page(absl::StrCat(R"({"mutexes":[)", Group("3"), ",5,", Group("1"), "]}"));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ((*page)->entries.size(), 3u);
  EXPECT_EQ((*page)->entries[0].group->id(), "3");
  EXPECT_NE((*page)->entries[1].unreadable, nullptr);
  EXPECT_EQ((*page)->entries[2].group->id(), "1");
}

TEST(Codec, MessagesLiveOnThePagesArena) {
  const auto page = Page(absl::StrCat(R"({"mutexes":[)", Group("1"), ",5]}"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)->entries[0].group->GetArena(), &(*page)->arena);
  EXPECT_EQ((*page)->entries[1].unreadable->GetArena(), &(*page)->arena);
}

TEST(Codec, HostileNestingIsMalformedAnywhere) {
  const std::string deep = Repeat("[", 100'000) + Repeat("]", 100'000);
  for (const std::string& body :
       {deep, absl::StrCat(R"({"future":)", deep, R"(,"mutexes":[]})"),
        absl::StrCat(R"({"mutexes":[)", Group("1", ",\"x\":" + deep), "]}"),
        Repeat(R"({"mutexes":[)", 100'000)}) {
    const auto page = Page(body);
    EXPECT_EQ(ReasonOf(page.status()), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
    EXPECT_THAT(std::string(page.status().message()), EndsWith("nested over 64 levels"));
  }
}

TEST(Codec, NestingUpToTheLimitInUnknownFieldsIsSkipped) {
  // The page, its array, the group and the unknown field's arrays: 64 levels together.
  const std::string deep = Repeat("[", 61) + Repeat("]", 61);
  const auto page = Page(absl::StrCat(R"({"mutexes":[)", Group("1", ",\"x\":" + deep), "]}"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_NE((*page)->entries[0].group, nullptr);
}

TEST(Codec, EveryTruncationOfAPageIsMalformed) {
  const std::string whole =
      absl::StrCat(R"({"mutexes":[)", Group(R"("a\u00e9")", R"(,"deleted":false,"x":[1.5e3,null])"),
                   R"(],"nextCursor":"5"})");
  ASSERT_TRUE(Page(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReasonOf(Page(whole.substr(0, size)).status()),
              v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY)
        << whole.substr(0, size);
  }
}

TEST(Codec, InvalidUtf8IsReplacedInWhatIsKept) {
  WrongKinds wrong_kinds;
  const auto fetched = DecodeGroup(Group("1",
                                         ",\"name\":\"a\xFF"
                                         "b\",\"\xFE\":1"),
                                   wrong_kinds);
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ((*fetched)->group->name(),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Codec, ANameThatIsAMillionTimesRepeatedIsReadOnce) {
  WrongKinds wrong_kinds;
  const auto fetched =
      DecodeGroup(Group("1", Repeat(R"(,"name":"x","createdBy":[])", 100'000)), wrong_kinds);
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ((*fetched)->group->name(), "x");
  EXPECT_EQ(wrong_kinds["createdBy"], 100'000);
}

TEST(Codec, AGroupWithLongListsIsReadWhole) {
  std::string individuals = "\"first\"";
  for (int i = 1; i < 50'000; ++i) absl::StrAppend(&individuals, ",\"user-", i, "@example.com\"");
  const auto page = Page(absl::StrCat(
      R"({"mutexes":[{"id":1,"slots":[{"percentage":100,"individuals":[)", individuals, "]}]}]}"));
  ASSERT_TRUE(page.ok()) << page.status();
  const v1::Slot& slot = (*page)->entries[0].group->slots(0);
  ASSERT_EQ(slot.individuals_size(), 50'000);
  EXPECT_EQ(slot.individuals(49'999), "user-49999@example.com");
}

TEST(Codec, AThousandGroupsAreReadInOrder) {
  std::string groups = Group("1");
  for (int i = 2; i <= 1000; ++i) absl::StrAppend(&groups, ",", Group(absl::StrCat(i)));
  const auto page = Page(absl::StrCat(R"({"mutexes":[)", groups, "]}"));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ((*page)->entries.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ((*page)->entries[static_cast<std::size_t>(i)].group->id(), absl::StrCat(i + 1));
  }
}

TEST(Codec, GroupsThatMeanTheSameHaveTheSameEtag) {
  WrongKinds wrong_kinds;
  const auto one = DecodeGroup(
      R"({"id":1,"name":"n","slots":[{"percentage":100,"experiments":[1,2]}],"deleted":false})",
      wrong_kinds);
  const auto other = DecodeGroup(
      R"({"slots":[{"experiments":["2",1.0],"percentage":"100","index":0}],"name":"n","id":"1"})",
      wrong_kinds);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ((*one)->group->etag(), (*other)->group->etag());
  EXPECT_THAT((*one)->group->etag(), HasSubstr("v1-"));
}

}  // namespace
}  // namespace mutexd::amplitude
