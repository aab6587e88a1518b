#include "mutexgroups/client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "mutexgroups/request_id.h"
#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::MatchesRegex;

Client ClientOf(const FakeGateway& gateway) {
  auto client = Client::Connect({.server = gateway.address()});
  EXPECT_TRUE(client.ok());
  return *std::move(client);
}

v1::GetMutexGroupRequest GetRequest() {
  v1::GetMutexGroupRequest request;
  request.set_mutex_group_id("1234");
  return request;
}

grpc::Status Unavailable() {
  return StatusBuilder(grpc::StatusCode::UNAVAILABLE, "AMPLITUDE_UNAVAILABLE", "down").Build();
}

// gRPC sends what is left until the deadline in three digits, rounded up.
constexpr double kRoundedUp = 1.01;

TEST(Client, ReadsAGroupWithADeadline) {
  FakeGateway gateway;
  const auto reply = ClientOf(gateway).Get(GetRequest());
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->mutex_group().name(), "Checkout");
  ASSERT_EQ(gateway.Calls().size(), 1u);
  EXPECT_THAT(gateway.Calls()[0].time_left.count(), AllOf(Ge(1000), Le(kRoundedUp * 30000)));
}

TEST(Client, GivesACallItsOwnTimeoutAndCorrelationId) {
  FakeGateway gateway;
  ASSERT_TRUE(ClientOf(gateway)
                  .Get(GetRequest(),
                       {.timeout = std::chrono::milliseconds(20000), .correlation_id = "mine"})
                  .ok());
  const auto call = gateway.Calls()[0];
  EXPECT_THAT(call.time_left.count(), AllOf(Ge(1000), Le(kRoundedUp * 20000)));
  EXPECT_EQ(call.metadata.at("x-request-id"), "mine");
}

TEST(Client, HonoursATimeoutOverThePublishedOne) {
  FakeGateway gateway;
  ASSERT_TRUE(
      ClientOf(gateway).Get(GetRequest(), {.timeout = std::chrono::milliseconds(120000)}).ok());
  EXPECT_THAT(gateway.Calls()[0].time_left.count(), AllOf(Ge(40000), Le(kRoundedUp * 120000)));
  auto client =
      Client::Connect({.server = gateway.address(), .timeout = std::chrono::seconds(120)});
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->Get(GetRequest()).ok());
  EXPECT_THAT(gateway.Calls()[1].time_left.count(), AllOf(Ge(40000), Le(kRoundedUp * 120000)));
}

TEST(Client, RetriesReadsAndNotWrites) {
  FakeGateway gateway;
  const auto client = ClientOf(gateway);
  gateway.FailWith({Unavailable(), Unavailable()});
  EXPECT_TRUE(client.Get(GetRequest()).ok());
  EXPECT_THAT(gateway.Methods(), ElementsAre("GetMutexGroup", "GetMutexGroup", "GetMutexGroup"));

  gateway.FailWith({Unavailable()});
  v1::ArchiveMutexGroupRequest request;
  request.set_mutex_group_id("1234");
  const auto reply = client.Archive(request);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().reason, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE);
  EXPECT_EQ(gateway.Methods().size(), 4u);
}

TEST(Client, GivesTheErrorsDetails) {
  FakeGateway gateway;
  gateway.FailWith({StatusBuilder(grpc::StatusCode::NOT_FOUND, "MUTEX_GROUP_NOT_FOUND", "gone")
                        .RequestId("call-9")
                        .Build()});
  const auto reply = ClientOf(gateway).Get(GetRequest());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().reason, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND);
  EXPECT_EQ(reply.error().request_id, "call-9");
}

TEST(Client, FillsInARequestIdThatARepeatedCreateKeeps) {
  FakeGateway gateway;
  const auto client = ClientOf(gateway);
  gateway.FailWith({Unavailable()});
  v1::CreateMutexGroupRequest request;
  const auto lost = client.Create(request);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().metadata.at("request_id"), request.request_id());
  ASSERT_TRUE(client.Create(request).ok());
  const auto calls = gateway.Calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_THAT(calls[0].request, HasSubstr(request.request_id()));
  EXPECT_EQ(calls[0].request, calls[1].request);

  v1::CreateMutexGroupRequest own;
  own.set_request_id("6f2b7a9e-0d0b-4c2f-9a51-0f4f5f6a7b8c");
  ASSERT_TRUE(client.Create(own).ok());
  EXPECT_EQ(own.request_id(), "6f2b7a9e-0d0b-4c2f-9a51-0f4f5f6a7b8c");
}

TEST(Client, MakesRequestIdsThatAreUuids) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto id = NewRequestId();
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 100u);
}

TEST(Client, ListsAllPagesAndOutlivesTheClient) {
  FakeGateway gateway;
  std::vector<v1::ListMutexGroupsResponse> pages(3);
  pages[0].add_mutex_groups()->set_id("1");
  pages[2].add_mutex_groups()->set_id("2");
  gateway.SetPages(pages);
  auto listing = ClientOf(gateway).List({});
  std::vector<std::string> ids;
  for (const auto& page : listing) {
    ASSERT_TRUE(page.ok());
    for (const auto& group : page->mutex_groups()) ids.push_back(group.id());
  }
  EXPECT_THAT(ids, ElementsAre("1", "2"));
  EXPECT_EQ(gateway.Calls().size(), 3u);
  EXPECT_THAT(gateway.Calls()[0].request, HasSubstr("page_size: 1000"));
}

TEST(Client, ReceivesRepliesOverGrpcsOwnLimit) {
  FakeGateway gateway;
  auto group = CheckoutGroup();
  group.set_description(std::string(6 << 20, 'x'));
  gateway.SetGroup(group);
  const auto reply = ClientOf(gateway).Get(GetRequest());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->mutex_group().description().size(), 6u << 20);
}

TEST(Client, SpeaksOverUnixSockets) {
  // Short, as names of sockets must be; the folder for tests may not be.
  const auto path = absl::StrCat("/tmp/mutexgroups-client-test-", getpid(), ".sock");
  FakeGateway gateway("unix:" + path);
  EXPECT_TRUE(ClientOf(gateway).Get(GetRequest()).ok());
}

TEST(Client, RefusesAnAddressThatCannotBeOne) {
  const auto client = Client::Connect({.server = "http://gateway"});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(client.error().message, HasSubstr("http://gateway"));
}

TEST(Client, SaysUnavailableWhereNobodyListens) {
  std::string address;
  {
    FakeGateway gone;
    address = gone.address();
  }
  auto client = Client::Connect({.server = address});
  ASSERT_TRUE(client.ok());
  const auto reply = client->Get(GetRequest());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reply.error().reason, v1::ERROR_REASON_UNSPECIFIED);
}

TEST(Client, SendsTheCallersKeyOnlyWhereItHasOne) {
  FakeGateway gateway;
  ASSERT_TRUE(ClientOf(gateway).Get(GetRequest()).ok());
  auto client = Client::Connect({.server = gateway.address(), .amplitude_key = "ampex_ada"});
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->Get(GetRequest()).ok());
  const auto calls = gateway.Calls();
  EXPECT_FALSE(calls[0].metadata.contains("x-amplitude-management-key"));
  EXPECT_EQ(calls[1].metadata.at("x-amplitude-management-key"), "ampex_ada");
}

TEST(Client, AsksForHealth) {
  FakeGateway gateway;
  const auto client = ClientOf(gateway);
  using grpc::health::v1::HealthCheckResponse;
  EXPECT_EQ(client.CheckHealth()->status(), HealthCheckResponse::SERVING);
  gateway.SetServing(false);
  EXPECT_EQ(client.CheckHealth()->status(), HealthCheckResponse::NOT_SERVING);
}

}  // namespace
}  // namespace mutexgroups
