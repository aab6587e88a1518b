#include "mutexgroups/pages.h"

#include <gmock/gmock.h>

namespace mutexgroups {
namespace {

using ::testing::ElementsAre;

v1::ListMutexGroupsResponse PageWith(const std::string& id, const std::string& next) {
  v1::ListMutexGroupsResponse page;
  if (!id.empty()) page.add_mutex_groups()->set_id(id);
  page.set_next_page_token(next);
  return page;
}

// Answers from a list, and records the tokens that it was asked with.
struct Script {
  std::vector<Pages::Page> pages;
  std::vector<std::string> tokens;
  std::vector<int> sizes;

  Pages::Fetch Fetch() {
    return [this](const v1::ListMutexGroupsRequest& request) {
      tokens.push_back(request.page_token());
      sizes.push_back(request.page_size());
      return pages.at(tokens.size() - 1);
    };
  }
};

std::vector<std::string> Ids(Pages& pages) {
  std::vector<std::string> ids;
  for (const auto& page : pages) {
    if (!page.ok()) {
      ids.push_back("error: " + page.error().message);
      continue;
    }
    for (const auto& group : page->mutex_groups()) ids.push_back(group.id());
  }
  return ids;
}

TEST(Pages, FollowsTokensAcrossEmptyPagesToTheEnd) {
  Script script{.pages = {PageWith("1", "a"), PageWith("", "b"), PageWith("2", "")}};
  Pages pages({}, script.Fetch());
  EXPECT_THAT(Ids(pages), ElementsAre("1", "2"));
  EXPECT_THAT(script.tokens, ElementsAre("", "a", "b"));
  EXPECT_FALSE(pages.Next().has_value());
}

TEST(Pages, AsksForTheLargestPagesUnlessTold) {
  Script script{.pages = {PageWith("1", "")}};
  Pages largest({}, script.Fetch());
  EXPECT_TRUE(largest.Next()->ok());
  v1::ListMutexGroupsRequest request;
  request.set_page_size(7);
  script.tokens.clear();
  Pages told(request, script.Fetch());
  EXPECT_TRUE(told.Next()->ok());
  EXPECT_THAT(script.sizes, ElementsAre(1000, 7));
}

TEST(Pages, EndsWithAnError) {
  Error error;
  error.message = "broken";
  Script script{.pages = {PageWith("1", "a"), error}};
  Pages pages({}, script.Fetch());
  EXPECT_THAT(Ids(pages), ElementsAre("1", "error: broken"));
  EXPECT_FALSE(pages.Next().has_value());
}

TEST(Pages, DoesNotFollowATokenThatStandsStill) {
  Script script{.pages = {PageWith("1", "a"), PageWith("2", "a")}};
  Pages pages({}, script.Fetch());
  ASSERT_TRUE(pages.Next()->ok());
  const auto second = pages.Next();
  ASSERT_TRUE(second.has_value());
  ASSERT_FALSE(second->ok());
  EXPECT_EQ(second->error().code, grpc::StatusCode::INTERNAL);
  EXPECT_FALSE(pages.Next().has_value());
}

}  // namespace
}  // namespace mutexgroups
