// Every form in which Amplitude's replies are documented, and those that contradict each other.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/codec.h"
#include "service/amplitude/etag.h"
#include "tests/contract/golden_file.h"

namespace mutexd::contract {
namespace {

namespace v1 = ::mutexgroups::v1;

class ReplyContract : public testing::TestWithParam<std::string> {
 protected:
  // Compares a decoder's result with the case's second file; `fill` writes an OK result into a
  // message.
  template <typename Message, typename Decode, typename Fill>
  void Check(const std::string& folder, Decode decode, Fill fill) {
    amplitude::WrongKinds wrong_kinds;
    const auto result = decode(*ReadGolden(folder, GetParam() + ".json"), wrong_kinds);
    if (const auto error = ReadGolden(folder, GetParam() + ".error")) {
      ASSERT_FALSE(result.ok()) << "was expected to be refused";
      EXPECT_EQ(std::string(result.status().message()),
                std::string(absl::StripSuffix(*error, "\n")));
      return;
    }
    const auto textproto = ReadGolden(folder, GetParam() + ".textproto");
    ASSERT_TRUE(textproto) << "has neither a .textproto nor an .error";
    ASSERT_TRUE(result.ok()) << result.status();
    Message expected;
    ParseTextProto(*textproto, expected);
    Message actual;
    fill(*result, actual);
    EXPECT_EQ(Difference(expected, actual), "") << actual.DebugString();
    const std::string line = WrongKindsLine(wrong_kinds);
    const bool expects_wrong_kinds = absl::StartsWith(*textproto, "# wrong kinds:");
    EXPECT_TRUE(line.empty() ? !expects_wrong_kinds : absl::StartsWith(*textproto, line)) << line;
  }
};

// The group without its etag, which is checked here.
v1::MutexGroup WithoutEtag(const v1::MutexGroup& group) {
  v1::MutexGroup copy = group;
  EXPECT_EQ(group.etag(), amplitude::Etag(group));
  copy.clear_etag();
  return copy;
}

class GroupContract : public ReplyContract {};

TEST_P(GroupContract, IsReadAsWritten) {
  Check<v1::MutexGroup>("group", &amplitude::DecodeGroup, [](const auto& fetched, auto& group) {
    group = WithoutEtag(*fetched->group);
  });
}

INSTANTIATE_TEST_SUITE_P(Golden, GroupContract, testing::ValuesIn(GoldenNames("group")),
                         [](const auto& test) { return test.param; });

class PageContract : public ReplyContract {};

TEST_P(PageContract, IsReadAsWritten) {
  Check<v1::ListMutexGroupsResponse>("page", &amplitude::DecodePage,
                                     [](const auto& page, auto& response) {
                                       for (const amplitude::ListEntry& entry : page->entries) {
                                         if (entry.group != nullptr)
                                           *response.add_mutex_groups() = WithoutEtag(*entry.group);
                                         if (entry.unreadable != nullptr)
                                           *response.add_unreadable() = *entry.unreadable;
                                       }
                                       response.set_next_page_token(page->next_cursor);
                                     });
}

INSTANTIATE_TEST_SUITE_P(Golden, PageContract, testing::ValuesIn(GoldenNames("page")),
                         [](const auto& test) { return test.param; });

class CreateContract : public ReplyContract {};

TEST_P(CreateContract, IsReadAsWritten) {
  Check<v1::CreateMutexGroupResponse>("create", &amplitude::DecodeCreateReply,
                                      [](const auto& reply, auto& response) {
                                        response.mutable_mutex_group()->set_id(reply.id);
                                        response.set_url(reply.url);
                                      });
}

INSTANTIATE_TEST_SUITE_P(Golden, CreateContract, testing::ValuesIn(GoldenNames("create")),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace mutexd::contract
