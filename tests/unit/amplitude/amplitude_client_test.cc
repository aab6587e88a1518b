#include "service/amplitude/amplitude_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "tests/fakes/fake_transport.h"
#include "tests/fakes/test_clock.h"

namespace mutexd::amplitude {
namespace {

using http::HttpFailure;
using http::HttpFailureKind;
using http::HttpMethod;
using http::HttpRequest;
using http::HttpResponse;
using http::HttpResult;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RecordingObserver final : public UpstreamObserver {
 public:
  void OnRequestStarted(const Call&, Operation operation) override {
    ++in_flight;
    Add(absl::StrCat("start ", OperationName(operation)));
  }
  void OnRequestFinished(const Call&, const FinishedRequest& request) override {
    --in_flight;
    last = request;
    Add(absl::StrCat("finish ", OperationName(request.operation), " ", request.http_status, " ",
                     request.failure ? http::HttpFailureKindName(*request.failure) : "whole"));
  }
  void OnFieldsOfWrongKind(Operation operation, absl::string_view field, int times) override {
    Add(absl::StrCat(OperationName(operation), " ", field, "=", times));
  }

  int in_flight = 0;
  FinishedRequest last;
  std::vector<std::string> events;

 private:
  void Add(std::string event) { events.push_back(std::move(event)); }
};

class BrokenKeySource final : public KeySource {
 public:
  absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override {
    return absl::FailedPreconditionError("no key yet");
  }
};

constexpr char kGroup[] = R"({"id":1234,"slots":[{"percentage":100}]})";

class AmplitudeClientTest : public testing::Test {
 protected:
  std::unique_ptr<AmplitudeApi> Client(KeySource& keys) {
    AmplitudeClientOptions options;
    options.upstream = UpstreamAt("https://example.com/prefix/");
    options.upstream_timeout = absl::Seconds(3);
    return std::make_unique<AmplitudeClient>(transport_, clock_, keys, workers_, observer_,
                                             options);
  }

  template <typename T>
  T Run(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr failure, T value) {
      if (failure) std::rethrow_exception(failure);
      result.emplace(std::move(value));
    });
    loop_.restart();
    loop_.run();
    return *std::move(result);
  }

  auto List(ListQuery query = {}) { return Run(client_->List(call_, std::move(query))); }
  auto Get(std::string id = "1234") { return Run(client_->Get(call_, std::move(id))); }
  WriteResult Rename(std::string id = "1234") {
    GroupEdit edit;
    edit.name = "New";
    return Run(client_->Edit(call_, std::move(id), edit));
  }
  WriteResult ClearExperiments() {
    SlotEdit edit;
    edit.experiment_ids.emplace();
    return Run(client_->EditSlot(call_, "1234", 2, edit));
  }
  CreateResult Create() {
    v1::MutexGroup group;
    group.set_project_id(5);
    group.set_name("Checkout");
    group.set_key("checkout");
    group.add_slots()->set_percentage(100);
    return Run(client_->Create(call_, group));
  }

  const HttpRequest& LastRequest() const { return transport_.requests().back(); }
  std::string Header(const std::string& name) const {
    for (const http::HttpHeader& header : LastRequest().headers) {
      if (header.name == name) return header.value;
    }
    return "";
  }

  asio::io_context loop_;
  asio::thread_pool workers_{1};
  fakes::TestClock clock_;
  fakes::FakeTransport transport_;
  RecordingObserver observer_;
  FixedKey keys_{"ampex_service"};
  Call call_;
  std::unique_ptr<AmplitudeApi> client_ = Client(keys_);
};

TEST_F(AmplitudeClientTest, ReadsSendNoBody) {
  transport_.Answer(200, kGroup);
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(LastRequest().method, HttpMethod::kGet);
  EXPECT_EQ(LastRequest().url, "https://example.com/prefix/api/1/mutexes/1234");
  EXPECT_EQ(LastRequest().body, "");
  EXPECT_EQ(LastRequest().timeout, absl::Seconds(3));
  EXPECT_FALSE(LastRequest().fresh_connection);
  EXPECT_EQ(Header("Authorization"), "Bearer ampex_service");
  EXPECT_EQ(Header("Accept"), "application/json");
  EXPECT_EQ(Header("Content-Type"), "");
}

TEST_F(AmplitudeClientTest, WritesSendJson) {
  transport_.Answer(200, "OK");
  EXPECT_EQ(Rename().effect, WriteEffect::kAccepted);
  EXPECT_EQ(LastRequest().method, HttpMethod::kPatch);
  EXPECT_EQ(LastRequest().url, "https://example.com/prefix/api/1/mutexes/1234");
  EXPECT_EQ(LastRequest().body, R"({"name":"New"})");
  EXPECT_EQ(Header("Content-Type"), "application/json");
  EXPECT_FALSE(LastRequest().fresh_connection);

  transport_.Answer(204, "");
  EXPECT_TRUE(ClearExperiments().status.ok());
  EXPECT_EQ(LastRequest().method, HttpMethod::kPatch);
  EXPECT_EQ(LastRequest().url, "https://example.com/prefix/api/1/mutexes/1234/slots/2");
  EXPECT_EQ(LastRequest().body, R"({"experiments":[]})");
}

TEST_F(AmplitudeClientTest, CreateUsesAFreshConnection) {
  transport_.Answer(200, R"({"id":"abc","url":"http://x"})");
  const CreateResult created = Create();
  EXPECT_TRUE(created.status.ok()) << created.status;
  EXPECT_EQ(created.effect, WriteEffect::kAccepted);
  EXPECT_EQ(created.id, "abc");
  EXPECT_EQ(created.url, "http://x");
  EXPECT_EQ(LastRequest().method, HttpMethod::kPost);
  EXPECT_EQ(LastRequest().url, "https://example.com/prefix/api/1/mutexes");
  EXPECT_THAT(LastRequest().body, HasSubstr(R"("projectId":5)"));
  EXPECT_TRUE(LastRequest().fresh_connection);
}

TEST_F(AmplitudeClientTest, PagesCarryLimitCursorAndTheTimeOfAsking) {
  const absl::Time asked_at = clock_.Now();
  transport_.AnswerBy([&](const HttpRequest&) {
    clock_.Advance(absl::Seconds(2));
    HttpResponse response;
    response.status = 200;
    response.body = absl::StrCat(R"({"mutexes":[)", kGroup, R"(],"nextCursor":8})");
    return response;
  });
  const auto page = List({7, "1"});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(LastRequest().url, "https://example.com/prefix/api/1/mutexes?limit=7&cursor=1");
  EXPECT_EQ((*page)->limit, 7);
  EXPECT_EQ((*page)->next_cursor, "8");
  EXPECT_EQ((*page)->read_time, asked_at);
  EXPECT_EQ(observer_.last.duration, absl::Seconds(2));
}

TEST_F(AmplitudeClientTest, APageThatIsTooLargeIsAskedForInHalves) {
  HttpResponse cut;
  cut.status = 200;
  cut.body_truncated = true;
  transport_.Answer(HttpResult(cut));
  transport_.Answer(HttpResult(cut));
  transport_.Answer(200, R"({"mutexes":[]})");
  const auto page = List({1000, "5"});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)->limit, 250);
  EXPECT_THAT(transport_.requests()[1].url, HasSubstr("limit=500&cursor=5"));
  EXPECT_THAT(transport_.requests()[2].url, HasSubstr("limit=250&cursor=5"));
}

TEST_F(AmplitudeClientTest, AGroupThatIsTooLargeEndsTheHalving) {
  HttpResponse cut;
  cut.status = 200;
  cut.body_truncated = true;
  for (int i = 0; i < 3; ++i) transport_.Answer(HttpResult(cut));
  EXPECT_EQ(ReasonOf(List({3, ""}).status()), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
  EXPECT_EQ(transport_.requests().size(), 2u);  // limits 3 and 1
  EXPECT_EQ(ReasonOf(Get().status()), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
}

TEST_F(AmplitudeClientTest, AWriteIsAcceptedWhateverItsReplySays) {
  HttpResponse cut;
  cut.status = 200;
  cut.body_truncated = true;
  transport_.Answer(HttpResult(cut));
  EXPECT_TRUE(Rename().status.ok());
  transport_.Answer(HttpResult(cut));
  const CreateResult created = Create();
  EXPECT_EQ(created.effect, WriteEffect::kAccepted);
  EXPECT_EQ(ReasonOf(created.status), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
  for (const char* body : {"OK", "", R"({"url":"x"})"}) {
    transport_.Answer(200, body);
    const CreateResult unreadable = Create();
    EXPECT_EQ(unreadable.effect, WriteEffect::kAccepted) << body;
    EXPECT_EQ(ReasonOf(unreadable.status), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY) << body;
    EXPECT_EQ(MetadataOf(unreadable.status, "http_status"), "200") << body;
  }
}

TEST_F(AmplitudeClientTest, AReplyWithAnotherIdIsMalformed) {
  transport_.Answer(200, kGroup);
  const auto fetched = Get("999");
  EXPECT_EQ(ReasonOf(fetched.status()), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
  EXPECT_EQ(MetadataOf(fetched.status(), "http_status"), "200");
}

TEST_F(AmplitudeClientTest, AMalformedReplyTellsItsStatus) {
  transport_.Answer(200, "<html>");
  EXPECT_EQ(MetadataOf(List().status(), "http_status"), "200");
}

TEST_F(AmplitudeClientTest, IdsThatAreNoPathSegmentAreNotSent) {
  EXPECT_EQ(ReasonOf(Get("..").status()), v1::ERROR_REASON_INVALID_REQUEST);
  const WriteResult renamed = Rename("a\nb");
  EXPECT_EQ(ReasonOf(renamed.status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_EQ(renamed.effect, WriteEffect::kNone);
  const WriteResult edited = Run(client_->EditSlot(call_, "", 1, {}));
  EXPECT_EQ(ReasonOf(edited.status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(AmplitudeClientTest, TheCallersKeyIsUsedAndBlamedWhereThereIsOne) {
  call_.credential = std::make_shared<const Credential>(Credential{"ampex_caller", true});
  transport_.Answer(401, R"({"error":"invalid key ampex_caller"})");
  const auto fetched = Get();
  EXPECT_EQ(Header("Authorization"), "Bearer ampex_caller");
  EXPECT_EQ(fetched.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(fetched.status().message()), HasSubstr("invalid key [redacted]"));
  EXPECT_THAT(std::string(fetched.status().message()), HasSubstr("host example.com"));
  EXPECT_THAT(std::string(fetched.status().message()), Not(HasSubstr("ampex")));
}

TEST_F(AmplitudeClientTest, WithoutAKeyNothingIsSent) {
  BrokenKeySource no_keys;
  client_ = Client(no_keys);
  EXPECT_EQ(Get().status(), absl::FailedPreconditionError("no key yet"));
  const WriteResult renamed = Rename();
  EXPECT_EQ(renamed.effect, WriteEffect::kNone);
  EXPECT_FALSE(call_.write_sent);
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(AmplitudeClientTest, AKeyThatCannotBeAHeaderIsNotSent) {
  for (const char* key : {"", "a\r\nX-Evil: 1", "a b", "caf\xC3\xA9"}) {
    call_.credential = std::make_shared<const Credential>(Credential{key, true});
    const auto fetched = Get();
    EXPECT_EQ(fetched.status().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(fetched.status()), v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED);
  }
  FixedKey broken("a\nb");
  client_ = Client(broken);
  call_.credential = nullptr;
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(AmplitudeClientTest, TheCallLearnsTheStatusAndWhatBecameOfWrites) {
  transport_.Answer(503, "");
  EXPECT_FALSE(Get().ok());
  EXPECT_EQ(call_.http_status, 503);
  EXPECT_FALSE(call_.write_sent);

  transport_.Answer(HttpResult(HttpFailure{HttpFailureKind::kConnect, false, 0, "refused"}));
  EXPECT_EQ(Rename().effect, WriteEffect::kNone);
  EXPECT_FALSE(call_.write_sent) << "it was taken back";
  EXPECT_EQ(call_.http_status, 503) << "the last one";

  transport_.AnswerBy([&](const HttpRequest&) {
    EXPECT_TRUE(call_.write_sent) << "it is set before";
    return HttpFailure{HttpFailureKind::kTimeout, true, 0, "late"};
  });
  EXPECT_EQ(Rename().effect, WriteEffect::kUnknown);
  EXPECT_TRUE(call_.write_sent);
  EXPECT_FALSE(call_.write_accepted);

  transport_.Answer(HttpResult(HttpFailure{HttpFailureKind::kConnect, false, 0, "refused"}));
  EXPECT_EQ(Rename().effect, WriteEffect::kNone);
  EXPECT_TRUE(call_.write_sent) << "the write before may have left";

  transport_.Answer(HttpResult(HttpFailure{HttpFailureKind::kConnectionLost, true, 200, "cut"}));
  EXPECT_EQ(Rename().effect, WriteEffect::kAccepted);
  EXPECT_TRUE(call_.write_accepted);
  EXPECT_EQ(call_.http_status, 200);
}

TEST_F(AmplitudeClientTest, ACancelledWriteThatWasSentHasAnUnknownEffect) {
  transport_.Hang();
  asio::cancellation_signal cancel;
  std::optional<WriteResult> result;
  GroupEdit edit;
  edit.name = "New";
  asio::co_spawn(loop_, client_->Edit(call_, "1234", edit),
                 asio::bind_cancellation_slot(cancel.slot(),
                                              [&](std::exception_ptr failure, WriteResult value) {
                                                EXPECT_FALSE(failure);
                                                result = std::move(value);
                                              }));
  loop_.restart();
  loop_.poll();
  ASSERT_EQ(transport_.hanging(), 1);
  EXPECT_EQ(observer_.in_flight, 1);
  cancel.emit(asio::cancellation_type::all);
  loop_.run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(result->effect, WriteEffect::kUnknown);
  EXPECT_TRUE(call_.write_sent);
  EXPECT_EQ(observer_.in_flight, 0);
}

TEST_F(AmplitudeClientTest, LargeBodiesAreDecodedOnThePool) {
  const std::string group =
      absl::StrCat(R"({"id":1234,"slots":[],"name":")", std::string(200'000, 'n'), R"("})");
  transport_.Answer(200, group);
  const auto fetched = Get();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ((*fetched)->group->name().size(), 200'000u);
  transport_.Answer(200, absl::StrCat(R"({"mutexes":[)", group, "]}"));
  const auto page = List();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)->entries.size(), 1u);
  transport_.Answer(400,
                    absl::StrCat(R"({"x":")", std::string(200'000, 'n'), R"(","error":"no"})"));
  EXPECT_THAT(std::string(Get().status().message()), HasSubstr("(HTTP 400): no"));
}

TEST_F(AmplitudeClientTest, ALimitCarriesItsRetryAfter) {
  transport_.Answer(429, "slow down", {{"retry-after", "17"}});
  const auto fetched = Get();
  EXPECT_EQ(fetched.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryDelayOf(fetched.status()), absl::Seconds(17));
}

TEST_F(AmplitudeClientTest, TheObserverLearnsOfEveryRequestAndOddField) {
  transport_.Answer(200, R"({"id":1234,"slots":[],"name":5,"key":6})");
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(observer_.last.body_bytes_received, 39u);
  transport_.Answer(HttpResult(HttpFailure{HttpFailureKind::kTimeout, true, 0, "late"}));
  EXPECT_FALSE(Rename().status.ok());
  EXPECT_EQ(observer_.last.body_bytes_sent, 14u);
  EXPECT_THAT(observer_.events, ElementsAre("start get", "finish get 200 whole", "get key=1",
                                            "get name=1", "start edit", "finish edit 0 timeout"));
  EXPECT_EQ(observer_.in_flight, 0);
}

}  // namespace
}  // namespace mutexd::amplitude
