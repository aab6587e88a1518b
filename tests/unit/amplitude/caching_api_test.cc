#include "service/amplitude/caching_api.h"

#include <optional>

#include "service/amplitude/coalescing_api.h"
#include "tests/unit/amplitude/reads_fixture.h"

namespace mutexd::amplitude {
namespace {

using fakes::Operation;
using fakes::Started;

class CachingApiTest : public ReadsTest {
 protected:
  CachingApiTest() {
    stale = call;
    stale.max_staleness = absl::Minutes(1);
    write = call;
    write.is_write = true;
  }

  GroupAnswer Get(Call& its_call, const std::string& id = "7") {
    return loop.Run(api->Get(its_call, id));
  }
  // The name of the group as the call gets it, or its error.
  std::string NameFor(Call& its_call, const std::string& id = "7") {
    const GroupAnswer group = Get(its_call, id);
    return group.ok() ? std::string((*group)->group->name()) : ReasonName(ReasonOf(group.status()));
  }
  PageAnswer List(Call& its_call, int limit = 10, const std::string& cursor = "") {
    ListQuery query{.limit = limit, .cursor = cursor};
    return loop.Run(api->List(its_call, query));
  }
  WriteResult Rename(const std::string& id, const std::string& name) {
    const GroupEdit edit{.name = name};
    return loop.Run(api->Edit(write, id, edit));
  }
  // Where only the request matters.
  void Read(Call& its_call, const std::string& id = "7") { Get(its_call, id).IgnoreError(); }
  void ReadPage(Call& its_call, int limit = 10, const std::string& cursor = "") {
    List(its_call, limit, cursor).IgnoreError();
  }
  std::size_t Requests() const { return amplitude.requests.size(); }

  CacheOptions options;
  std::optional<CachingApi> api{std::in_place, slow, clock, keys, own_writes, observer, options};
  Call stale;  // as `call`, but allows staleness
  Call write;
};

// -- what is answered without a request

TEST_F(CachingApiTest, AReadIsAnsweredWithinItsStaleness) {
  const absl::Time asked = clock.Now();
  Read(stale);
  amplitude.Find("7")->set_name("New");
  clock.Advance(absl::Seconds(60));
  const GroupAnswer kept = Get(stale);
  EXPECT_EQ((*kept)->group->name(), "Group 7");
  EXPECT_EQ((*kept)->read_time, asked);  // the true one
  EXPECT_EQ(Requests(), 1u);
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(Requests(), 2u);
  EXPECT_EQ(observer.hits, 1);
  EXPECT_EQ(observer.misses, 2);
}

TEST_F(CachingApiTest, EachCallSaysForItselfHowOldAnAnswerMayBe) {
  Read(stale);
  amplitude.Find("7")->set_name("New");
  clock.Advance(absl::Seconds(10));
  Call stricter = stale;
  stricter.max_staleness = absl::Seconds(9);
  EXPECT_EQ(NameFor(stale), "Group 7");
  EXPECT_EQ(NameFor(stricter), "New");
  EXPECT_EQ(NameFor(stale), "New");
}

TEST_F(CachingApiTest, AFreshReadAlwaysAsks) {
  Read(stale);
  amplitude.Find("7")->set_name("New");
  EXPECT_EQ(NameFor(call), "New");
}

TEST_F(CachingApiTest, TheReadsOfAWriteAlwaysAsk) {
  Read(stale);
  amplitude.Find("7")->set_name("New");
  write.max_staleness = absl::Minutes(1);
  EXPECT_EQ(NameFor(write), "New");
  EXPECT_EQ(api->Known(write, "7"), nullptr);
}

TEST_F(CachingApiTest, PagesAreAnswered) {
  const PageAnswer first = List(stale, 2, "");
  EXPECT_EQ(*List(stale, 2, ""), *first);
  ReadPage(stale, 2, "2");
  ReadPage(stale, 3, "");
  EXPECT_EQ(Requests(), 3u);
}

TEST_F(CachingApiTest, APageAnswersGetsOfItsGroups) {
  const absl::Time asked = clock.Now();
  ReadPage(stale, 2, "");
  clock.Advance(absl::Seconds(1));
  const GroupAnswer group = Get(stale, "8");
  EXPECT_EQ((*group)->group->name(), "Group 8");
  EXPECT_EQ((*group)->read_time, asked);
  EXPECT_EQ(Requests(), 1u);
  Read(stale, "9");
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CachingApiTest, AnUnreadableGroupOfAPageIsAskedFor) {
  amplitude.unreadable["7"] = "slots: missing";
  ReadPage(stale);
  EXPECT_EQ(NameFor(stale), "MALFORMED_AMPLITUDE_REPLY");
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CachingApiTest, AMissingGroupIsRememberedBriefly) {
  EXPECT_EQ(NameFor(stale, "77"), "MUTEX_GROUP_NOT_FOUND");
  AddGroup("77");
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(NameFor(stale, "77"), "MUTEX_GROUP_NOT_FOUND");
  EXPECT_EQ(Requests(), 1u);
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(NameFor(stale, "77"), "Group 77");
}

TEST_F(CachingApiTest, AMissingGroupIsNotRememberedForLongerThanTheCallAllows) {
  stale.max_staleness = absl::Seconds(2);
  Read(stale, "77");
  AddGroup("77");
  clock.Advance(absl::Seconds(3));
  EXPECT_EQ(NameFor(stale, "77"), "Group 77");
}

TEST_F(CachingApiTest, OtherErrorsAreNotRemembered) {
  amplitude.NextRead(fakes::ConnectionLost());
  EXPECT_EQ(NameFor(stale), "AMPLITUDE_UNAVAILABLE");
  EXPECT_EQ(NameFor(stale), "Group 7");
}

TEST_F(CachingApiTest, AnOutageIsBridgedWithinTheStalenessAndNoLonger) {
  Read(stale);
  ReadPage(stale);
  amplitude.fail_reads = fakes::ConnectionLost();
  clock.Advance(absl::Seconds(60));
  EXPECT_EQ(NameFor(stale), "Group 7");
  EXPECT_TRUE(List(stale).ok());
  EXPECT_EQ(NameFor(call), "AMPLITUDE_UNAVAILABLE");
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(NameFor(stale), "AMPLITUDE_UNAVAILABLE");
  EXPECT_FALSE(List(stale).ok());
}

TEST_F(CachingApiTest, KeysAreNeverMixed) {
  Call other = stale;
  other.credential = KeyOfCaller("other");
  Read(stale);
  ReadPage(stale);
  Read(other);
  ReadPage(other);
  EXPECT_EQ(Requests(), 4u);
  EXPECT_EQ(api->Known(other, "8")->group->name(), "Group 8");
  Call third = stale;
  third.credential = KeyOfCaller("third");
  EXPECT_EQ(api->Known(third, "8"), nullptr);
  // The same key is the same, whoever brings it.
  Call same = stale;
  same.credential = KeyOfCaller("key of the service");
  Read(same);
  EXPECT_EQ(Requests(), 4u);
}

TEST_F(CachingApiTest, WithoutAKeyTheClientMakesTheError) {
  NoKey no_key;
  api.emplace(slow, clock, no_key, own_writes, observer, options);
  Read(stale);
  Read(stale);
  ReadPage(stale);
  EXPECT_EQ(Requests(), 3u);
  EXPECT_EQ(api->Known(stale, "7"), nullptr);
}

TEST_F(CachingApiTest, KnownGroupsAreThoseNewEnough) {
  ReadPage(stale);
  EXPECT_EQ(api->Known(stale, "7")->group->name(), "Group 7");
  EXPECT_EQ(api->Known(call, "7"), nullptr);
  EXPECT_EQ(api->Known(stale, "77"), nullptr);
  Read(stale, "77");
  EXPECT_EQ(api->Known(stale, "77"), nullptr);
  clock.Advance(absl::Seconds(61));
  EXPECT_EQ(api->Known(stale, "7"), nullptr);
}

// -- what is kept

TEST_F(CachingApiTest, FreshReadsFillItToo) {
  stale.max_staleness = absl::Minutes(2);
  Read(stale);
  clock.Advance(absl::Minutes(1));
  amplitude.Find("7")->set_name("New");
  Read(call);
  clock.Advance(absl::Minutes(1));
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CachingApiTest, NothingIsKeptWhileAllWantFreshData) {
  Read(call);
  ReadPage(call);
  EXPECT_EQ(observer.entries, 0u);
  EXPECT_EQ(api->Known(stale, "8"), nullptr);
}

TEST_F(CachingApiTest, WhenNobodyAllowsStalenessAnyMoreItIsEmptied) {
  Read(stale);
  EXPECT_EQ(observer.entries, 1u);
  clock.Advance(options.max_age - absl::Seconds(1));
  Read(call, "8");
  EXPECT_EQ(observer.entries, 2u);
  clock.Advance(absl::Seconds(1));
  Read(call, "9");
  EXPECT_EQ(observer.entries, 0u);
  EXPECT_EQ(observer.bytes, 0u);
}

TEST_F(CachingApiTest, NothingOlderThanTheLimitIsServedOrKept) {
  options.max_age = absl::Seconds(30);
  api.emplace(slow, clock, keys, own_writes, observer, options);
  Read(stale);
  clock.Advance(absl::Seconds(20));
  Read(stale, "8");
  clock.Advance(absl::Seconds(11));
  Read(stale, "9");
  EXPECT_EQ(observer.entries, 2u);
  Read(stale);
  EXPECT_EQ(Requests(), 4u);
}

TEST_F(CachingApiTest, ItsSizeIsBoundedAndTold) {
  options.max_bytes = 4096;
  api.emplace(slow, clock, keys, own_writes, observer, options);
  for (int i = 100; i < 150; ++i) {
    AddGroup(std::to_string(i));
    Read(stale, std::to_string(i));
    EXPECT_LE(observer.bytes, 4096u);
  }
  EXPECT_GT(observer.entries, 1u);
  EXPECT_GT(observer.bytes, 1024u);
  const std::size_t requests = Requests();
  Read(stale, "149");
  EXPECT_EQ(Requests(), requests);
  Read(stale, "100");
  EXPECT_EQ(Requests(), requests + 1);
}

TEST_F(CachingApiTest, NoBytesTurnItOff) {
  options.max_bytes = 0;
  api.emplace(slow, clock, keys, own_writes, observer, options);
  Read(stale);
  Read(stale);
  EXPECT_EQ(Requests(), 2u);
  EXPECT_EQ(observer.misses, 0);
  // The others who must know of own writes still hear of them.
  Rename("7", "New");
  EXPECT_EQ(own_writes.position(), 2u);
}

// -- own writes

TEST_F(CachingApiTest, AnOwnWriteIsSeenAtOnce) {
  Read(stale);
  Read(stale, "8");
  Rename("7", "New");
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(NameFor(stale, "8"), "Group 8");
  EXPECT_EQ(amplitude.Count(Operation::kGet), 3u);
}

TEST_F(CachingApiTest, AnOwnWriteIsSeenOnPagesAndByTheirGroups) {
  ReadPage(stale);
  Rename("7", "New");
  EXPECT_EQ(NameFor(stale, "8"), "Group 8");  // still answers for the others
  EXPECT_EQ(amplitude.Count(Operation::kGet), 0u);
  EXPECT_EQ(NameFor(stale, "7"), "New");
  EXPECT_EQ((*List(stale))->entries[0].group->name(), "New");
  EXPECT_EQ(amplitude.Count(Operation::kList), 2u);
}

TEST_F(CachingApiTest, AnOwnWriteCountsForAllKeys) {
  Call other = stale;
  other.credential = KeyOfCaller("other");
  Read(stale);
  Read(other);
  Rename("7", "New");
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(NameFor(other), "New");
}

TEST_F(CachingApiTest, ASlotWriteIsSeenAtOnce) {
  amplitude.Find("7")->add_slots()->set_percentage(100);
  Read(stale);
  const SlotEdit edit{.individuals = {{"ada"}}};
  loop.Run(api->EditSlot(write, "7", 1, edit));
  EXPECT_EQ((*Get(stale))->group->slots(0).individuals(0), "ada");
}

TEST_F(CachingApiTest, ACreateIsSeenOnPagesAndEndsTheAbsenceOfItsGroup) {
  ReadPage(stale);
  Read(stale, "9000");
  v1::MutexGroup group;
  group.set_key("new");
  const CreateResult created = loop.Run(api->Create(write, group));
  ASSERT_EQ(created.id, "9000");
  EXPECT_THAT((*List(stale))->entries, SizeIs(4));
  EXPECT_TRUE(Get(stale, "9000").ok());
}

TEST_F(CachingApiTest, EveryWriteAdvancesWhenItBeginsAndWhenItEnds) {
  std::vector<std::uint64_t> seen;
  amplitude.on_request = [&](const fakes::SeenRequest&) { seen.push_back(own_writes.position()); };
  Rename("7", "New");
  EXPECT_THAT(seen, ElementsAre(1));
  EXPECT_EQ(own_writes.position(), 2u);
  amplitude.NextWrite({.status = fakes::ConnectionLost(), .lost = true});
  Rename("7", "Newer");
  EXPECT_THAT(seen, ElementsAre(1, 3));
  EXPECT_EQ(own_writes.position(), 4u);
}

TEST_F(CachingApiTest, ACancelledWriteAdvancesToo) {
  amplitude.NextWrite({.hang = true});
  const GroupEdit edit{.name = "New"};
  const auto started = loop.Start(api->Edit(write, "7", edit));
  EXPECT_EQ(own_writes.position(), 1u);
  started->Cancel();
  loop.Poll();
  ASSERT_TRUE(started->done());
  EXPECT_EQ(own_writes.position(), 2u);
}

TEST_F(CachingApiTest, AWriteThatIsDroppedWithItsLoopAdvancesToo) {
  amplitude.NextWrite({.hang = true});
  const GroupEdit edit{.name = "New"};
  {
    fakes::TestLoop doomed;
    doomed.Start(api->Edit(write, "7", edit));
    EXPECT_EQ(own_writes.position(), 1u);
  }
  EXPECT_EQ(own_writes.position(), 2u);
}

TEST_F(CachingApiTest, AReadOvertakenByAWriteIsNotKept) {
  Read(stale, "9");
  slow.delay = absl::Seconds(1);
  const auto overtaken = loop.Start(api->Get(stale, "7"));
  Call other = stale;
  const auto overtaken_too = loop.Start(api->Get(other, "8"));
  Rename("7", "New");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(overtaken->done() && overtaken_too->done());
  EXPECT_EQ((*overtaken->result())->group->name(), "Group 7");  // it was asked before
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(api->Known(stale, "8"), nullptr);
}

TEST_F(CachingApiTest, APageOvertakenByAWriteIsNotKept) {
  slow.delay = absl::Seconds(1);
  ListQuery query;
  const auto overtaken = loop.Start(api->List(stale, query));
  Rename("7", "New");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(overtaken->done());
  EXPECT_EQ(api->Known(stale, "8"), nullptr);
  EXPECT_EQ((*List(stale, query.limit))->entries[0].group->name(), "New");
}

TEST_F(CachingApiTest, AReadThatBeganDuringTheWriteIsNotKept) {
  Read(stale, "9");
  amplitude.NextWrite({.hang = true});
  const GroupEdit edit{.name = "New"};
  const auto writing = loop.Start(api->Edit(write, "7", edit));
  EXPECT_EQ(NameFor(stale), "Group 7");
  writing->Cancel();
  loop.Poll();
  amplitude.Find("7")->set_name("New");  // the request arrived all the same
  EXPECT_EQ(NameFor(stale), "New");
}

TEST_F(CachingApiTest, TheReadThatSettlesAWriteIsKept) {
  Read(stale);
  Rename("7", "New");
  EXPECT_EQ(NameFor(write), "New");
  const std::size_t requests = Requests();
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(Requests(), requests);
}

TEST_F(CachingApiTest, WhatWasReadBeforeTheWriteBecameVisibleIsNotServedAfterwards) {
  Call other_key = stale;
  other_key.credential = KeyOfCaller("other");
  Read(stale, "9");
  amplitude.NextWrite({.visible_after = 4});
  Rename("7", "New");
  EXPECT_EQ(NameFor(stale), "Group 7");
  EXPECT_EQ(NameFor(other_key), "Group 7");
  EXPECT_EQ((*List(stale))->entries[0].group->name(), "Group 7");
  EXPECT_EQ(NameFor(write), "Group 7");
  EXPECT_EQ(NameFor(write), "New");  // it is settled
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(NameFor(other_key), "New");
  EXPECT_EQ((*List(stale))->entries[0].group->name(), "New");
}

TEST_F(CachingApiTest, AWriteThatIsNotYetVisibleIsNotHiddenOnceItIs) {
  Read(stale);
  amplitude.NextWrite({.visible_after = 3});
  Rename("7", "New");
  EXPECT_EQ(NameFor(write), "Group 7");  // the caller gives up here
  EXPECT_EQ(NameFor(stale), "Group 7");
  EXPECT_EQ((*List(stale))->entries[0].group->name(), "Group 7");
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ((*List(stale))->entries[0].group->name(), "New");
}

TEST_F(CachingApiTest, ASettlingReadOvertakenByAnotherWriteIsNotKept) {
  Read(stale);
  Rename("7", "New");
  slow.delay = absl::Seconds(1);
  const auto settling = loop.Start(api->Get(write, "7"));
  Rename("7", "Newer");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(settling->done());
  EXPECT_EQ(NameFor(stale), "Newer");
}

TEST_F(CachingApiTest, AWriteWithoutEffectDoesNotKeepTheGroupOut) {
  Read(stale);
  amplitude.NextWrite({.status = fakes::AnsweredWith(Operation::kEdit, 400), .applied = false});
  Rename("7", "New");
  Read(stale);
  const std::size_t requests = Requests();
  Read(stale);
  EXPECT_EQ(Requests(), requests);
}

TEST_F(CachingApiTest, NothingOlderThanTheLastOwnWriteIsServedWithJoinedReadsEither) {
  CoalescingApi coalescing(slow, keys, own_writes, observer);
  api.emplace(coalescing, clock, keys, own_writes, observer, options);
  slow.delay = absl::Seconds(1);
  Call other = stale;
  const auto before = loop.Start(api->Get(stale, "7"));
  Rename("7", "New");
  const auto after = loop.Start(api->Get(other, "7"));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 2u);
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(before->done() && after->done());
  EXPECT_EQ((*after->result())->group->name(), "New");
  EXPECT_EQ(NameFor(stale), "New");
  EXPECT_EQ(amplitude.Count(Operation::kGet), 2u);
}

TEST_F(CachingApiTest, WhatIsUnderWayMayOutliveIt) {
  slow.delay = absl::Seconds(1);
  Call settling = write;
  settling.write_sent = true;
  const auto one = loop.Start(api->Get(stale, "7"));
  const auto two = loop.Start(api->Get(settling, "7"));
  amplitude.NextWrite({.hang = true});
  const GroupEdit edit{.name = "New"};
  const auto three = loop.Start(api->Edit(write, "7", edit));
  api.reset();
  EXPECT_FALSE(one->done() || two->done() || three->done());
  // The loop drops them at the end of the test.
}

}  // namespace
}  // namespace mutexd::amplitude
