#include "service/sandbox/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "service/sandbox/json_fields.h"
#include "service/sandbox/sample_groups.h"

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;

constexpr char kValidCreate[] = R"({"projectId":1,"name":"New","slots":[{"percentage":100}]})";

class EndpointsTest : public testing::Test {
 protected:
  ApiReply Send(ApiRequest request) {
    if (request.authorization.empty()) request.authorization = "Bearer good";
    return endpoints_.Handle(request);
  }

  ApiReply Get(const std::string& path, const std::multimap<std::string, std::string>& query = {}) {
    return Send({.method = "GET", .path = path, .query = query});
  }

  ApiReply Write(const std::string& method, const std::string& path, const std::string& body) {
    return Send({.method = method,
                 .path = path,
                 .content_type = "application/json; charset=utf-8",
                 .host = "127.0.0.1:99",
                 .body = body});
  }

  ApiReply Patch(const std::string& path, const std::string& body) {
    return Write("PATCH", path, body);
  }

  // Also checks that the body is the JSON of an error with the same status.
  static int ErrorStatus(const ApiReply& reply) {
    EXPECT_EQ(reply.content_type, "application/json");
    const auto document = ParseJsonObject(reply.body);
    EXPECT_TRUE(document.ok()) << document.status() << ": " << reply.body;
    if (!document.ok() || !document->HasMember("error")) return 0;
    EXPECT_EQ((*document)["error"]["http_code"].GetInt(), reply.status);
    EXPECT_GT((*document)["error"]["message"].GetStringLength(), 0u);
    return reply.status;
  }

  static GroupStoreOptions StoreOptions() {
    GroupStoreOptions options;
    options.new_salt = [] { return "abcd1234"; };
    options.taken_keys = {"a-flag"};
    return options;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  AccessKeys keys_{{{"good", KeyState::kValid},
                    {"old", KeyState::kRevoked},
                    {"foreign", KeyState::kOtherProject}}};
  QuotaWindows quota_{{.per_second = 0, .per_day = 0}, [this] { return now_; }};
  GroupStore store_{StoreOptions(), SampleGroups()};
  Endpoints endpoints_{{}, keys_, quota_, store_};
};

TEST_F(EndpointsTest, ListsWithNumericIdsAndACursor) {
  const ApiReply reply = Get("/api/1/mutexes", {{"limit", "4"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/json");
  const auto page = ParseJsonObject(reply.body);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ((*page)["mutexes"].Size(), 4u);
  EXPECT_EQ((*page)["mutexes"][0]["id"].GetInt(), 1001);
  EXPECT_EQ((*page)["nextCursor"].GetInt(), 4);
}

TEST_F(EndpointsTest, EndsAListWithANullCursor) {
  const auto page = ParseJsonObject(Get("/api/1/mutexes", {{"cursor", "4"}}).body);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ((*page)["mutexes"].Size(), 2u);
  EXPECT_EQ((*page)["mutexes"][1]["id"].GetInt(), 1006);
  EXPECT_TRUE((*page)["mutexes"][1]["deleted"].GetBool());
  EXPECT_TRUE((*page)["nextCursor"].IsNull());
  EXPECT_EQ(Get("/api/1/mutexes", {{"cursor", "6"}}).body, R"({"mutexes":[],"nextCursor":null})");
}

TEST_F(EndpointsTest, CapsTheLimitAtAThousand) {
  GroupStore store(StoreOptions(), GeneratedGroups(1005));
  Endpoints endpoints({}, keys_, quota_, store);
  ApiRequest request{.method = "GET", .path = "/api/1/mutexes", .authorization = "Bearer good"};
  request.query = {{"limit", "5000"}};
  auto page = ParseJsonObject(endpoints.Handle(request).body);
  EXPECT_EQ((*page)["mutexes"].Size(), 1000u);
  EXPECT_EQ((*page)["nextCursor"].GetInt(), 1000);
  request.query = {};
  page = ParseJsonObject(endpoints.Handle(request).body);
  EXPECT_EQ((*page)["mutexes"].Size(), 100u);
}

TEST_F(EndpointsTest, RefusesBadLimitsAndCursors) {
  for (const char* value : {"", "0", "-1", "ten", "1.5", "99999999999999999999", "+1", " 1"}) {
    EXPECT_EQ(ErrorStatus(Get("/api/1/mutexes", {{"limit", value}})), 400) << value;
  }
  for (const char* value : {"", "-1", "abc"}) {
    EXPECT_EQ(ErrorStatus(Get("/api/1/mutexes", {{"cursor", value}})), 400) << value;
  }
}

TEST_F(EndpointsTest, GetsOneGroup) {
  const ApiReply reply = Get("/api/1/mutexes/1003");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("id":1003,"projectId":5678,"name":"Onboarding")"));
  EXPECT_EQ(Get("/api/1/mutexes/1006").status, 200) << "archived groups can be read";
}

TEST_F(EndpointsTest, AnswersNotFoundForWhatDoesNotExist) {
  for (const char* path :
       {"/", "/api/1/mutexe", "/api/1/mutexesx", "/api/1/mutexes/", "/api/1/mutexes/9",
        "/api/1/mutexes/abc", "/api/1/mutexes/1001/", "/api/1/mutexes/1001/slots",
        "/api/1/mutexes/1001/slots/1", "/api/1/mutexes/-1", "/api/2/mutexes",
        "/api/1/mutexes/99999999999999999999", "/api/1/mutexes/caf\xe9"}) {
    EXPECT_EQ(ErrorStatus(Get(path)), 404) << path;
  }
  for (const char* path :
       {"/api/1/mutexes/9", "/api/1/mutexes/x", "/api/1/mutexes", "/api/1/mutexes/1001/slots/0",
        "/api/1/mutexes/1001/slots/4", "/api/1/mutexes/1001/slots/one", "/api/1/mutexes/9/slots/1",
        "/api/1/mutexes/1001/slot/1", "/api/1/mutexes/1001/slots/1/x"}) {
    EXPECT_EQ(ErrorStatus(Patch(path, "{}")), 404) << path;
  }
  EXPECT_EQ(ErrorStatus(Write("POST", "/api/1/mutexes/1001", kValidCreate)), 404);
  EXPECT_EQ(ErrorStatus(Write("DELETE", "/api/1/mutexes/1001", "")), 404);
}

TEST_F(EndpointsTest, CreatesAGroupAndNamesItAsAText) {
  const ApiReply reply = Write("POST", "/api/1/mutexes", kValidCreate);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"id":"1007","url":"http://127.0.0.1:99/api/1/mutexes/1007"})");
  EXPECT_THAT(Get("/api/1/mutexes/1007").body, HasSubstr(R"("key":"new")"));
}

TEST_F(EndpointsTest, RefusesInvalidWritesWithoutEffect) {
  EXPECT_EQ(ErrorStatus(Write("POST", "/api/1/mutexes", "{}")), 400);
  EXPECT_EQ(ErrorStatus(Write("POST", "/api/1/mutexes", "{\"name\":\"\xff\"}")), 400);
  EXPECT_EQ(ErrorStatus(Patch("/api/1/mutexes/1001", "[]")), 400);
  EXPECT_EQ(ErrorStatus(Patch("/api/1/mutexes/1001", R"({"name":"x","archive":0})")), 400);
  EXPECT_EQ(ErrorStatus(Patch("/api/1/mutexes/1001/slots/1", R"({"holdouts":[],"individuals":7})")),
            400);
  EXPECT_EQ(store_.All().size(), SampleGroups().size());
  EXPECT_EQ((*store_.Get(1001))->name, "Checkout");
  EXPECT_EQ((*store_.Get(1001))->slots[0].holdouts.size(), 1u);
}

TEST_F(EndpointsTest, WantsJsonBodies) {
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
    ApiRequest request{.method = "POST", .path = "/api/1/mutexes"};
    request.content_type = type;
    request.body = kValidCreate;
    EXPECT_EQ(ErrorStatus(Send(request)), 400) << type;
  }
}

TEST_F(EndpointsTest, AnswersConflictForATakenKey) {
  for (const char* key : {"checkout", "a-flag"}) {
    const ApiReply reply =
        Write("POST", "/api/1/mutexes",
              absl::StrCat(R"({"projectId":1,"name":"n","slots":[{"percentage":100}],"key":")", key,
                           "\"}"));
    EXPECT_EQ(ErrorStatus(reply), 409);
    EXPECT_THAT(reply.body, HasSubstr("already exists"));
  }
}

TEST_F(EndpointsTest, AnswersEditsWithTheTextOk) {
  const ApiReply edited = Patch("/api/1/mutexes/1001", R"({"name":"Till"})");
  EXPECT_EQ(edited.status, 200);
  EXPECT_EQ(edited.body, "OK");
  EXPECT_THAT(edited.content_type, HasSubstr("text/plain"));
  EXPECT_EQ((*store_.Get(1001))->name, "Till");

  EXPECT_EQ(Patch("/api/1/mutexes/1001/slots/3", R"({"experiments":[5]})").body, "OK");
  EXPECT_EQ((*store_.Get(1001))->slots[2].experiments, std::vector<std::int64_t>{5});
}

TEST_F(EndpointsTest, ArchivesAndUnarchives) {
  EXPECT_EQ(Patch("/api/1/mutexes/1001", R"({"archive":true,"name":"ignored"})").body, "OK");
  EXPECT_THAT(Get("/api/1/mutexes/1001").body, HasSubstr(R"("deleted":true)"));
  EXPECT_THAT(Get("/api/1/mutexes/1001").body, HasSubstr(R"("name":"Checkout")"));
  EXPECT_EQ(Patch("/api/1/mutexes/1001", R"({"archive":false})").body, "OK");
  EXPECT_THAT(Get("/api/1/mutexes/1001").body, HasSubstr(R"("deleted":false)"));
}

TEST_F(EndpointsTest, CountsSlotsFromTheBaseItWasGiven) {
  Endpoints zero_based({.slot_index_base = 0}, keys_, quota_, store_);
  const auto patch = [&](const char* path) {
    return zero_based.Handle({.method = "PATCH",
                              .path = path,
                              .authorization = "Bearer good",
                              .content_type = "application/json",
                              .body = R"({"experiments":[5]})"});
  };
  EXPECT_EQ(patch("/api/1/mutexes/1001/slots/0").status, 200);
  EXPECT_EQ((*store_.Get(1001))->slots[0].experiments, std::vector<std::int64_t>{5});
  EXPECT_EQ(patch("/api/1/mutexes/1001/slots/3").status, 404);
}

TEST_F(EndpointsTest, ChecksTheKeyBeforeAllElse) {
  const auto status = [&](const char* authorization, const char* path) {
    return ErrorStatus(Send({.method = "GET", .path = path, .authorization = authorization}));
  };
  EXPECT_EQ(ErrorStatus(endpoints_.Handle({.method = "GET", .path = "/api/1/mutexes"})), 401);
  EXPECT_EQ(status("Bearer nobody", "/nowhere"), 401);
  EXPECT_EQ(status("Bearer old", "/api/1/mutexes"), 401);
  EXPECT_EQ(status("Bearer foreign", "/api/1/mutexes"), 403);
}

TEST_F(EndpointsTest, AnswersTooManyRequestsOverALimitAndDoesNothing) {
  QuotaWindows quota({.per_second = 2, .per_day = 3}, [this] { return now_; });
  Endpoints endpoints({}, keys_, quota, store_);
  const auto send = [&] {
    return endpoints.Handle({.method = "POST",
                             .path = "/api/1/mutexes",
                             .authorization = "Bearer good",
                             .content_type = "application/json",
                             .body = kValidCreate});
  };
  EXPECT_EQ(send().status, 200);
  EXPECT_EQ(send().status, 200);
  EXPECT_EQ(ErrorStatus(send()), 429);
  EXPECT_THAT(send().body, HasSubstr("in this second"));
  EXPECT_EQ(store_.All().size(), SampleGroups().size() + 2);
  now_ += absl::Seconds(1);
  EXPECT_EQ(send().status, 200);
  now_ += absl::Seconds(1);
  EXPECT_THAT(send().body, HasSubstr("on this day"));
  now_ += absl::Hours(24);
  EXPECT_EQ(send().status, 200);
}

}  // namespace
}  // namespace mutexd::sandbox
