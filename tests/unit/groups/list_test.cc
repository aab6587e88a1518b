#include "service/groups/list.h"

#include <random>
#include <set>

#include "service/groups/group_reply.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class ListTest : public GroupsTest {
 protected:
  ListTest() { amplitude.groups.clear(); }

  // Groups "0", "1", ….
  void Fill(int count) {
    for (int i = 0; i < count; ++i) amplitude.groups.push_back(GroupWith(absl::StrCat(i), {100}));
  }

  absl::StatusOr<ListedPage> List(ListPosition from = {}) {
    return Run(ListGroups(gateway, call, request, std::move(from)));
  }

  // Reads all pages with a token as long as a token may be, and checks that each fits.
  void ListAll() {
    std::optional<ListPosition> from = ListPosition{};
    while (from) {
      absl::StatusOr<ListedPage> page = List(*from);
      ASSERT_TRUE(page.ok()) << page.status();
      ++pages;
      if (page->next) {
        const std::size_t token_bytes = (page->next->cursor.size() + 64) * 4 / 3;
        page->response->set_next_page_token(std::string(token_bytes, 'x'));
      }
      EXPECT_EQ(ListedBytes(*page->response), page->response->ByteSizeLong());
      constexpr std::size_t kGrpcFrameBytes = 5;
      EXPECT_LE(page->response->ByteSizeLong() + kGrpcFrameBytes, gateway.options.max_reply_bytes);
      EXPECT_LE(page->response->mutex_groups_size(), EffectivePageSize(request.page_size()));
      for (const v1::MutexGroup& group : page->response->mutex_groups()) ids.push_back(group.id());
      for (const auto& named : page->response->unreadable()) {
        unreadable.push_back(named.mutex_group_id());
      }
      ASSERT_LT(pages, 10000) << "the listing does not end";
      from = page->next;
    }
  }

  std::vector<std::string> AllIds() const {
    std::vector<std::string> all;
    for (const v1::MutexGroup& group : amplitude.groups) all.push_back(group.id());
    return all;
  }

  v1::ListMutexGroupsRequest request;
  std::vector<std::string> ids;
  std::vector<std::string> unreadable;
  int pages = 0;
};

TEST_F(ListTest, PageSizesAreDefaultedAndCapped) {
  EXPECT_EQ(EffectivePageSize(0), 100);
  EXPECT_EQ(EffectivePageSize(1), 1);
  EXPECT_EQ(EffectivePageSize(1000), 1000);
  EXPECT_EQ(EffectivePageSize(1001), 1000);
  Fill(250);
  ListAll();
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ids, AllIds());
  EXPECT_EQ(amplitude.requests[0].query.limit, 100);
  EXPECT_EQ(amplitude.requests[1].query.cursor, "100");
}

TEST_F(ListTest, NoGroupsAreAnEmptyPageWithoutAToken) {
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), IsEmpty());
  EXPECT_FALSE(page->next.has_value());
}

TEST_F(ListTest, ReadTimeIsWhenAmplitudeWasAsked) {
  Fill(1);
  const absl::Time asked = clock.Now();
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->response->read_time().seconds(), absl::ToUnixSeconds(asked));
}

TEST_F(ListTest, ReadTimeOfSeveralPagesIsThatOfTheOldest) {
  amplitude.served_limit = 2;
  Fill(4);
  request.mutable_filter()->set_project_id(1);
  const absl::Time asked = clock.Now();
  amplitude.on_request = [this](const fakes::SeenRequest&) { clock.Advance(absl::Seconds(1)); };
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(4));
  EXPECT_EQ(page->response->read_time().seconds(), absl::ToUnixSeconds(asked));
}

TEST_F(ListTest, AnEmptyPageAfterTheLastEndsTheListing) {
  amplitude.cursor_on_last_page = true;
  Fill(200);
  ListAll();
  EXPECT_EQ(ids, AllIds());
  EXPECT_EQ(pages, 3);
}

TEST_F(ListTest, ArchivedGroupsAreLeftOutUnlessAskedFor) {
  Fill(6);
  amplitude.groups[1].set_state(v1::MutexGroup::STATE_ARCHIVED);
  amplitude.groups[2].set_state(v1::MutexGroup::STATE_ACTIVE);
  request.set_page_size(2);
  ListAll();
  EXPECT_THAT(ids, ElementsAre("0", "2", "3", "4", "5"));
  ids.clear();
  request.set_show_archived(true);
  ListAll();
  EXPECT_EQ(ids, AllIds());
}

// None lost, none twice, no page too large, whatever sizes groups have.
class ListOfRandomSizesTest : public ListTest, public ::testing::WithParamInterface<int> {};

TEST_P(ListOfRandomSizesTest, LosesAndDoublesNothing) {
  std::mt19937 random(20240501);  // NOLINT: the same groups each time
  gateway.options.max_reply_bytes = 15000;
  std::uniform_int_distribution<int> bytes(0, 300);
  Fill(3000);
  std::set<std::string> too_large;
  for (v1::MutexGroup& group : amplitude.groups) {
    const bool huge = random() % 500 == 0;
    group.set_description(std::string(huge ? 15000 : bytes(random), 'd'));
    if (huge) too_large.insert(group.id());
    if (random() % 10 == 0) group.set_state(v1::MutexGroup::STATE_ARCHIVED);
  }
  request.set_page_size(GetParam());
  request.set_show_archived(true);
  ListAll();
  EXPECT_EQ(std::set<std::string>(unreadable.begin(), unreadable.end()), too_large);
  EXPECT_EQ(unreadable.size(), too_large.size());
  std::vector<std::string> expected;
  for (const std::string& id : AllIds()) {
    if (!too_large.contains(id)) expected.push_back(id);
  }
  EXPECT_EQ(ids, expected);

  ids.clear();
  request.set_show_archived(false);
  ListAll();
  expected.clear();
  for (const v1::MutexGroup& group : amplitude.groups) {
    const bool archived = group.state() == v1::MutexGroup::STATE_ARCHIVED;
    if (!archived && !too_large.contains(group.id())) expected.push_back(group.id());
  }
  EXPECT_EQ(ids, expected);

  ids.clear();
  request.mutable_filter()->set_project_id(1);
  ListAll();
  EXPECT_EQ(ids, expected);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, ListOfRandomSizesTest, ::testing::Values(1000, 100, 7));

TEST_F(ListTest, ContinuesInsideAnUpstreamPageThatIsReadWithTheSameLimit) {
  Fill(10);
  for (v1::MutexGroup& group : amplitude.groups) group.set_description(std::string(400, 'd'));
  gateway.options.max_reply_bytes = 2500;
  request.set_page_size(10);
  const auto page = List();
  ASSERT_TRUE(page.ok());
  ASSERT_TRUE(page->next.has_value());
  EXPECT_EQ(page->next->cursor, "");
  EXPECT_EQ(page->next->limit, 10);
  EXPECT_EQ(page->next->skip, page->response->mutex_groups_size());
  request.set_page_size(3);  // another page size does not shift it
  const auto rest = List(*page->next);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(amplitude.requests[1].query.limit, 10);
  EXPECT_EQ(rest->response->mutex_groups(0).id(),
            absl::StrCat(page->response->mutex_groups_size()));
}

TEST_F(ListTest, ASkipBeyondAPageThatHasShrunkGoesOnBehindIt) {
  Fill(3);
  const auto page = List({.cursor = "", .limit = 100, .skip = 50});
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), IsEmpty());
  EXPECT_FALSE(page->next.has_value());
}

TEST_F(ListTest, AnUpstreamThatIgnoresTheLimitDoesNotMakePagesLonger) {
  amplitude.ignores_limit = true;
  Fill(70000);
  request.set_page_size(1000);
  std::optional<ListPosition> from = ListPosition{.cursor = "", .limit = 1000, .skip = 69000};
  const auto page = List(*from);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(1000));
  EXPECT_EQ(page->response->mutex_groups(0).id(), "69000");
  EXPECT_FALSE(page->next.has_value());
}

TEST_F(ListTest, GoesOnWithTheLimitThatAmplitudeCouldServe) {
  amplitude.served_limit = 30;
  Fill(100);
  request.set_page_size(100);
  ListAll();
  EXPECT_EQ(ids, AllIds());
  EXPECT_EQ(pages, 4);
  EXPECT_EQ(amplitude.requests[0].query.limit, 100);
  EXPECT_EQ(amplitude.requests[1].query.limit, 30);
}

TEST_F(ListTest, UnreadableGroupsAreNamedAndDoNotSpoilThePage) {
  Fill(4);
  amplitude.unreadable["1"] = "mutexes[1].slots: expected an array, found a string";
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(3));
  ASSERT_THAT(page->response->unreadable(), SizeIs(1));
  EXPECT_EQ(page->response->unreadable(0).mutex_group_id(), "1");
  EXPECT_EQ(page->response->unreadable(0).reason(),
            "mutexes[1].slots: expected an array, found a string");
}

TEST_F(ListTest, AGroupThatIsTooLargeIsNamedWithItsSize) {
  Fill(2);
  amplitude.groups[0].set_description(std::string(5000, 'd'));
  gateway.options.max_reply_bytes = 4000;
  const auto page = List();
  ASSERT_TRUE(page.ok());
  ASSERT_THAT(page->response->unreadable(), SizeIs(1));
  EXPECT_EQ(page->response->unreadable(0).mutex_group_id(), "0");
  EXPECT_THAT(page->response->unreadable(0).reason(), HasSubstr("4000"));
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(1));
}

TEST_F(ListTest, NamesOfUnreadableGroupsAreClipped) {
  Fill(2);
  amplitude.groups[0].set_id(std::string(100000, 'i'));
  amplitude.unreadable["1"] = std::string(100000, 'r');
  gateway.options.max_reply_bytes = 4000;
  ListAll();
  ASSERT_THAT(unreadable, SizeIs(2));
  EXPECT_EQ(unreadable[0], std::string(256, 'i'));
}

TEST_F(ListTest, ACursorThatDoesNotAdvanceEndsQuietlyOnAnEmptyPage) {
  amplitude.change_cursor = [](const std::string&) { return "0"; };
  const auto page = List({.cursor = "5"});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_FALSE(page->next.has_value());
}

TEST_F(ListTest, ACursorThatDoesNotAdvanceIsMalformedOtherwise) {
  Fill(5);
  for (const std::string cursor : {"2", "1", "02"}) {
    amplitude.change_cursor = [cursor](const std::string&) { return cursor; };
    EXPECT_THAT(List({.cursor = "2", .limit = 2}).status(),
                IsError(StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY))
        << cursor;
  }
}

TEST_F(ListTest, ErrorsOfAmplitudeAreHandedOn) {
  amplitude.NextRead(AnsweredWith(Operation::kList, 404));
  EXPECT_THAT(List().status(),
              IsError(StatusCode::kFailedPrecondition, v1::ERROR_REASON_WRONG_AMPLITUDE_URL));
}

class FilteredListTest : public ListTest {
 protected:
  // Which of ten groups match.
  std::vector<std::string> Matching() {
    ids.clear();
    ListAll();
    return ids;
  }
};

TEST_F(FilteredListTest, EachFieldFilters) {
  Fill(10);
  amplitude.groups[1].set_project_id(2);
  amplitude.groups[3].mutable_slots(0)->add_experiment_ids(31);
  amplitude.groups[4].add_slots()->add_experiment_ids(31);
  amplitude.groups[5].mutable_slots(0)->add_holdout_ids(31);
  amplitude.groups[6].mutable_slots(0)->add_individuals("ada");
  request.mutable_filter()->set_project_id(2);
  EXPECT_THAT(Matching(), ElementsAre("1"));
  request.clear_filter();
  request.mutable_filter()->set_key("group-2");
  EXPECT_THAT(Matching(), ElementsAre("2"));
  request.clear_filter();
  request.mutable_filter()->set_experiment_id(31);
  EXPECT_THAT(Matching(), ElementsAre("3", "4"));
  request.clear_filter();
  request.mutable_filter()->set_holdout_id(31);
  EXPECT_THAT(Matching(), ElementsAre("5"));
  request.clear_filter();
  request.mutable_filter()->set_individual("ada");
  EXPECT_THAT(Matching(), ElementsAre("6"));
}

TEST_F(FilteredListTest, AllGivenFieldsMustMatch) {
  Fill(3);
  amplitude.groups[1].mutable_slots(0)->add_experiment_ids(31);
  amplitude.groups[2].mutable_slots(0)->add_experiment_ids(31);
  amplitude.groups[2].mutable_slots(0)->add_individuals("ada");
  request.mutable_filter()->set_experiment_id(31);
  request.mutable_filter()->set_individual("ada");
  EXPECT_THAT(Matching(), ElementsAre("2"));
  request.mutable_filter()->set_holdout_id(1);
  EXPECT_THAT(Matching(), IsEmpty());
}

TEST_F(FilteredListTest, ScansPagesOfAThousand) {
  Fill(2500);
  request.set_page_size(10);
  request.mutable_filter()->set_key("group-2400");
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(1));
  EXPECT_FALSE(page->next.has_value());
  EXPECT_THAT(amplitude.requests, SizeIs(3));
  EXPECT_EQ(amplitude.requests[0].query.limit, 1000);
}

TEST_F(FilteredListTest, AFullPageEndsInsideAnUpstreamPage) {
  Fill(50);
  request.set_page_size(20);
  request.mutable_filter()->set_project_id(1);
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->response->mutex_groups(), SizeIs(20));
  ASSERT_TRUE(page->next.has_value());
  EXPECT_EQ(page->next->skip, 20);
  EXPECT_EQ(page->next->limit, 1000);
}

TEST_F(FilteredListTest, StopsWithWhatItHasWhenAFifthOfTheDeadlineIsLeft) {
  call.deadline = clock.MonotonicNow() + std::chrono::seconds(2);
  Fill(2500);
  request.mutable_filter()->set_project_id(1);
  request.set_page_size(1000);
  for (std::size_t i = 0; i < amplitude.groups.size(); i += 2) {
    amplitude.groups[i].set_project_id(2);
  }
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextReadHangs();
  const auto list = loop.Start(ListGroups(gateway, call, request, {}));
  loop.Advance(absl::Milliseconds(1599));
  EXPECT_FALSE(list->done());
  loop.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(list->done());
  ASSERT_TRUE(list->result().ok()) << list->result().status();
  EXPECT_THAT(list->result()->response->mutex_groups(), SizeIs(500));
  ASSERT_TRUE(list->result()->next.has_value());
  EXPECT_EQ(list->result()->next->cursor, "1000");
  EXPECT_EQ(list->result()->next->skip, 0);
  EXPECT_EQ(amplitude.hanging(), 0);  // the request was given up
}

TEST_F(FilteredListTest, KeepsBackASecondAtMost) {
  call.deadline = clock.MonotonicNow() + std::chrono::seconds(20);
  Fill(1500);
  request.mutable_filter()->set_key("none");
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextReadHangs();
  const auto list = loop.Start(ListGroups(gateway, call, request, {}));
  loop.Advance(absl::Milliseconds(18999));
  EXPECT_FALSE(list->done());
  loop.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(list->done());
  ASSERT_TRUE(list->result().ok());
  EXPECT_THAT(list->result()->response->mutex_groups(), IsEmpty());
  EXPECT_TRUE(list->result()->next.has_value());
}

TEST_F(FilteredListTest, AsksForNothingOnceTheTimeToStopHasPassed) {
  call.deadline = clock.MonotonicNow() + std::chrono::seconds(2);
  Fill(2500);
  request.mutable_filter()->set_key("none");
  amplitude.on_request = [this](const fakes::SeenRequest&) { clock.Advance(absl::Seconds(1)); };
  const auto page = List();
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(amplitude.requests, SizeIs(2));
  ASSERT_TRUE(page->next.has_value());
  EXPECT_EQ(page->next->cursor, "2000");
}

TEST_F(FilteredListTest, TheFirstPageIsWaitedForUntilTheEnd) {
  call.deadline = clock.MonotonicNow() + std::chrono::seconds(2);
  Fill(5);
  request.mutable_filter()->set_project_id(1);
  amplitude.NextReadHangs();
  const auto list = loop.Start(ListGroups(gateway, call, request, {}));
  loop.Advance(absl::Milliseconds(1999));
  EXPECT_FALSE(list->done());
  list->Cancel();
  loop.Poll();
  ASSERT_TRUE(list->done());
  EXPECT_TRUE(absl::IsCancelled(list->result().status()));
}

TEST_F(FilteredListTest, CancelledWhileItScans) {
  Fill(1500);
  request.mutable_filter()->set_key("none");
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextReadHangs();
  const auto list = loop.Start(ListGroups(gateway, call, request, {}));
  ASSERT_EQ(amplitude.hanging(), 1);
  list->Cancel();
  loop.Poll();
  ASSERT_TRUE(list->done());
  EXPECT_TRUE(absl::IsCancelled(list->result().status()));
  EXPECT_EQ(amplitude.hanging(), 0);
}

TEST_F(FilteredListTest, CancelledBetweenTwoPagesItAsksForNoMore) {
  Fill(2500);
  request.mutable_filter()->set_key("none");
  const auto list = loop.StartLater(ListGroups(gateway, call, request, {}));
  amplitude.on_request = [&](const fakes::SeenRequest&) {
    // The page arrives, and the call is cancelled before the listing has seen it.
    asio::post(loop.loop(), [&] { list->Cancel(); });
  };
  loop.Poll();
  ASSERT_TRUE(list->done());
  EXPECT_TRUE(absl::IsCancelled(list->result().status()));
  EXPECT_THAT(amplitude.requests, SizeIs(1));
}

TEST_F(FilteredListTest, AnErrorInTheMiddleOfAScanIsTheAnswer) {
  Fill(1500);
  request.mutable_filter()->set_key("none");
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextRead(ConnectionLost());
  EXPECT_THAT(List().status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
}

}  // namespace
}  // namespace mutexd::groups
