#include "service/amplitude/status_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

namespace mutexd::amplitude {
namespace {

using absl::StatusCode;
using http::HttpFailure;
using http::HttpFailureKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Asked AskedFor(Operation operation) {
  Asked asked;
  asked.operation = operation;
  asked.upstream = "region us";
  asked.group_id = "1234";
  asked.key = "checkout";
  asked.path_index = 2;
  return asked;
}

// What a status means: a code and a reason for each operation, and a write's effect.
struct Meaning {
  StatusCode code;
  v1::ErrorReason reason;
};
struct Row {
  int http_status;
  Meaning list, get, edit, edit_slot, create;
  WriteEffect effect = WriteEffect::kNone;

  const Meaning& Of(Operation operation) const {
    switch (operation) {
      case Operation::kList:
        return list;
      case Operation::kGet:
        return get;
      case Operation::kEdit:
        return edit;
      case Operation::kEditSlot:
        return edit_slot;
      case Operation::kCreate:
        break;
    }
    return create;
  }
};

Row Same(int http_status, StatusCode code, v1::ErrorReason reason,
         WriteEffect effect = WriteEffect::kNone) {
  const Meaning meaning{code, reason};
  return {http_status, meaning, meaning, meaning, meaning, meaning, effect};
}

constexpr Meaning kRejectedArgument{StatusCode::kInvalidArgument,
                                    v1::ERROR_REASON_REJECTED_BY_AMPLITUDE};
constexpr Meaning kWrongUrl{StatusCode::kFailedPrecondition, v1::ERROR_REASON_WRONG_AMPLITUDE_URL};
constexpr Meaning kNoGroup{StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND};
constexpr Meaning kNoSlot{StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND};
constexpr Meaning kConflict{StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE};
constexpr Meaning kKeyTaken{StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS};

TEST(StatusTable, EachStatusHasItsMeaning) {
  const auto rejected = v1::ERROR_REASON_REJECTED_BY_AMPLITUDE;
  const auto unavailable = v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE;
  const auto malformed = v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY;
  const Row rows[] = {
      Same(300, StatusCode::kInternal, malformed),
      Same(301, StatusCode::kInternal, malformed),
      Same(302, StatusCode::kInternal, malformed),
      Same(304, StatusCode::kInternal, malformed),
      Same(308, StatusCode::kInternal, malformed),
      Same(400, kRejectedArgument.code, kRejectedArgument.reason),
      Same(401, StatusCode::kFailedPrecondition, v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED),
      Same(402, StatusCode::kFailedPrecondition, rejected),
      Same(403, StatusCode::kPermissionDenied, v1::ERROR_REASON_AMPLITUDE_ACCESS_DENIED),
      {404, kWrongUrl, kNoGroup, kNoGroup, kNoSlot, kWrongUrl},
      Same(405, StatusCode::kInternal, rejected),
      Same(406, StatusCode::kFailedPrecondition, rejected),
      Same(408, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      {409, kConflict, kConflict, kConflict, kConflict, kKeyTaken},
      {410, kWrongUrl, kNoGroup, kNoGroup, kNoSlot, kWrongUrl},
      Same(413, kRejectedArgument.code, kRejectedArgument.reason),
      Same(415, StatusCode::kInternal, rejected),
      Same(418, StatusCode::kFailedPrecondition, rejected),
      Same(422, kRejectedArgument.code, kRejectedArgument.reason),
      Same(429, StatusCode::kResourceExhausted, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED),
      Same(499, StatusCode::kFailedPrecondition, rejected),
      Same(500, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(501, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(502, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(503, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(504, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(599, StatusCode::kUnavailable, unavailable, WriteEffect::kUnknown),
      Same(199, StatusCode::kInternal, malformed, WriteEffect::kUnknown),
      Same(999, StatusCode::kInternal, malformed, WriteEffect::kUnknown),
  };
  for (const Row& row : rows) {
    for (const Operation operation : kAllOperations) {
      SCOPED_TRACE(absl::StrCat(row.http_status, " on ", OperationName(operation)));
      const Verdict verdict = JudgeAnswer(AskedFor(operation), {row.http_status, "some text"});
      EXPECT_EQ(verdict.status.code(), row.Of(operation).code);
      EXPECT_EQ(ReasonOf(verdict.status), row.Of(operation).reason);
      EXPECT_EQ(verdict.effect, IsWrite(operation) ? row.effect : WriteEffect::kNone);
      EXPECT_EQ(MetadataOf(verdict.status, "http_status"), absl::StrCat(row.http_status));
      EXPECT_THAT(std::string(verdict.status.message()),
                  HasSubstr(absl::StrCat("(HTTP ", row.http_status, "): some text")));
    }
  }
}

TEST(StatusTable, SuccessIsOkAndAWriteAccepted) {
  for (const int http_status : {200, 201, 202, 204, 299}) {
    for (const Operation operation : kAllOperations) {
      const Verdict verdict = JudgeAnswer(AskedFor(operation), {http_status});
      EXPECT_TRUE(verdict.status.ok());
      EXPECT_EQ(verdict.effect, IsWrite(operation) ? WriteEffect::kAccepted : WriteEffect::kNone);
    }
  }
}

TEST(StatusTable, AMessageWithoutATextEndsWithTheStatus) {
  const Verdict verdict = JudgeAnswer(AskedFor(Operation::kGet), {502});
  EXPECT_EQ(verdict.status.message(), "Amplitude is unavailable (HTTP 502)");
}

TEST(StatusTable, ABadRequestThatSaysSoMeansThatTheGroupIsNotThere) {
  for (const char* text : {"Mutex Not Found", "mutex does not exist", "error: NOT FOUND."}) {
    for (const Operation operation : {Operation::kGet, Operation::kEdit}) {
      const Verdict verdict = JudgeAnswer(AskedFor(operation), {400, text});
      EXPECT_EQ(ReasonOf(verdict.status), v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND) << text;
      EXPECT_EQ(verdict.effect, WriteEffect::kNone);
    }
    // An experiment that a slot names may be what is not found.
    for (const Operation operation : {Operation::kList, Operation::kEditSlot, Operation::kCreate}) {
      EXPECT_EQ(ReasonOf(JudgeAnswer(AskedFor(operation), {400, text}).status),
                v1::ERROR_REASON_REJECTED_BY_AMPLITUDE)
          << text;
    }
  }
}

TEST(StatusTable, ABadRequestThatSaysSoMeansThatTheKeyIsTaken) {
  for (const char* text :
       {"key already exists", "Key 'checkout' is already in use", "The key is taken",
        "duplicate key", "Flag keys must be unique", "checkout already exists",
        "a flag with the key \"checkout\" has already been used", "key: not unique"}) {
    const Verdict verdict = JudgeAnswer(AskedFor(Operation::kCreate), {400, text});
    EXPECT_EQ(verdict.status.code(), StatusCode::kAlreadyExists) << text;
    EXPECT_EQ(ReasonOf(verdict.status), v1::ERROR_REASON_KEY_ALREADY_EXISTS) << text;
    EXPECT_EQ(verdict.effect, WriteEffect::kNone);
    EXPECT_EQ(ReasonOf(JudgeAnswer(AskedFor(Operation::kEdit), {400, text}).status),
              v1::ERROR_REASON_REJECTED_BY_AMPLITUDE)
        << text;
  }
  for (const char* text : {"key is too long", "invalid key", "experiment is already in use",
                           "duplicate experiment", "monkeys are taken", ""}) {
    EXPECT_EQ(ReasonOf(JudgeAnswer(AskedFor(Operation::kCreate), {400, text}).status),
              v1::ERROR_REASON_REJECTED_BY_AMPLITUDE)
        << text;
  }
}

TEST(StatusTable, ARejectedKeyNamesTheUpstreamAndTheOtherRegion) {
  Asked asked = AskedFor(Operation::kList);
  const Verdict services = JudgeAnswer(asked, {401});
  EXPECT_EQ(services.status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(services.status.message()),
              AllOf(HasSubstr("region us"), HasSubstr("service's"), HasSubstr("other region")));
  asked.key_from_caller = true;
  asked.upstream = "host example.com:8443";
  const Verdict callers = JudgeAnswer(asked, {401});
  EXPECT_EQ(callers.status.code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(callers.status), v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED);
  EXPECT_THAT(
      std::string(callers.status.message()),
      AllOf(HasSubstr("host example.com:8443"), HasSubstr("caller's"), HasSubstr("other region")));
}

TEST(StatusTable, ALimitSaysWhenToComeBack) {
  const Asked asked = AskedFor(Operation::kCreate);
  EXPECT_EQ(RetryDelayOf(JudgeAnswer(asked, {429}).status), absl::Seconds(1));
  EXPECT_EQ(RetryDelayOf(JudgeAnswer(asked, {429, "", absl::Seconds(30)}).status),
            absl::Seconds(30));
  EXPECT_EQ(RetryDelayOf(JudgeAnswer(asked, {503, "", absl::Seconds(5)}).status), absl::Seconds(5));
  EXPECT_EQ(RetryDelayOf(JudgeAnswer(asked, {503}).status), std::nullopt);
}

TEST(StatusTable, WhatIsMissingOrTakenIsNamed) {
  const auto resource = [](Operation operation, int http_status) {
    const Verdict verdict = JudgeAnswer(AskedFor(operation), {http_status});
    const auto info = DetailOf<google::rpc::ResourceInfo>(verdict.status);
    return info ? info->resource_type() + " " + info->resource_name() : "";
  };
  EXPECT_EQ(resource(Operation::kGet, 404), "mutexgroups.v1.MutexGroup 1234");
  EXPECT_EQ(resource(Operation::kEdit, 410), "mutexgroups.v1.MutexGroup 1234");
  EXPECT_EQ(resource(Operation::kEditSlot, 404), "mutexgroups.v1.MutexGroup 1234");
  EXPECT_EQ(resource(Operation::kCreate, 409), "mutexgroups.v1.MutexGroup checkout");
  EXPECT_EQ(resource(Operation::kList, 404), "");
}

constexpr HttpFailureKind kNetworkFailures[] = {
    HttpFailureKind::kTimeout,        HttpFailureKind::kResolve,
    HttpFailureKind::kConnect,        HttpFailureKind::kTls,
    HttpFailureKind::kProtocol,       HttpFailureKind::kRequest,
    HttpFailureKind::kConnectionLost,
};

TEST(StatusTable, FailuresOfTheNetworkAreAnUnavailableAmplitude) {
  for (const HttpFailureKind kind : kNetworkFailures) {
    for (const Operation operation : kAllOperations) {
      for (const bool sent : {false, true}) {
        SCOPED_TRACE(absl::StrCat(HttpFailureKindName(kind), " on ", OperationName(operation)));
        const Verdict verdict =
            JudgeFailure(AskedFor(operation), HttpFailure{kind, sent, 0, "what happened"});
        EXPECT_EQ(verdict.status.code(), StatusCode::kUnavailable);
        EXPECT_EQ(ReasonOf(verdict.status), v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE);
        EXPECT_EQ(verdict.effect,
                  IsWrite(operation) && sent ? WriteEffect::kUnknown : WriteEffect::kNone);
        EXPECT_EQ(MetadataOf(verdict.status, "http_status"), std::nullopt);
        EXPECT_THAT(std::string(verdict.status.message()), HasSubstr("what happened"));
      }
    }
  }
}

TEST(StatusTable, ACancelledRequestIsAPlainCancelled) {
  for (const Operation operation : kAllOperations) {
    for (const bool sent : {false, true}) {
      const Verdict verdict = JudgeFailure(
          AskedFor(operation), HttpFailure{HttpFailureKind::kCancelled, sent, 0, "cancelled"});
      EXPECT_EQ(verdict.status, absl::CancelledError("cancelled"));
      EXPECT_EQ(verdict.effect,
                IsWrite(operation) && sent ? WriteEffect::kUnknown : WriteEffect::kNone);
    }
  }
}

TEST(StatusTable, AReplyThatWasLostBehindItsHeadIsJudgedByItsStatus) {
  for (const HttpFailureKind kind : kNetworkFailures) {
    const HttpFailure failure{kind, true, 200, "lost"};
    for (const Operation operation : {Operation::kEdit, Operation::kEditSlot}) {
      const Verdict verdict = JudgeFailure(AskedFor(operation), failure);
      EXPECT_TRUE(verdict.status.ok()) << verdict.status;
      EXPECT_EQ(verdict.effect, WriteEffect::kAccepted);
    }
    const Verdict created = JudgeFailure(AskedFor(Operation::kCreate), failure);
    EXPECT_EQ(ReasonOf(created.status), v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY);
    EXPECT_EQ(created.effect, WriteEffect::kAccepted);
    for (const Operation operation : {Operation::kList, Operation::kGet}) {
      const Verdict verdict = JudgeFailure(AskedFor(operation), failure);
      EXPECT_EQ(ReasonOf(verdict.status), v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE);
      EXPECT_EQ(MetadataOf(verdict.status, "http_status"), "200");
    }
    const Verdict missing =
        JudgeFailure(AskedFor(Operation::kGet), HttpFailure{kind, true, 404, "lost"});
    EXPECT_EQ(ReasonOf(missing.status), v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND);
    const Verdict broken =
        JudgeFailure(AskedFor(Operation::kEdit), HttpFailure{kind, true, 500, "lost"});
    EXPECT_EQ(ReasonOf(broken.status), v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE);
    EXPECT_EQ(broken.effect, WriteEffect::kUnknown);
  }
}

TEST(StatusTable, ACancelledWriteWhoseFateWasKnownKeepsIt) {
  const auto judge = [](Operation operation, int http_status) {
    return JudgeFailure(AskedFor(operation),
                        HttpFailure{HttpFailureKind::kCancelled, true, http_status, "cancelled"});
  };
  EXPECT_EQ(judge(Operation::kEdit, 200).effect, WriteEffect::kAccepted);
  EXPECT_EQ(judge(Operation::kCreate, 200).effect, WriteEffect::kAccepted);
  EXPECT_EQ(judge(Operation::kEdit, 403).effect, WriteEffect::kNone);
  EXPECT_EQ(judge(Operation::kGet, 200).status.code(), StatusCode::kCancelled);
}

TEST(StatusTable, OperationsHaveStableNames) {
  std::string names;
  for (const Operation operation : kAllOperations) {
    absl::StrAppend(&names, OperationName(operation), IsWrite(operation) ? "(w) " : " ");
  }
  EXPECT_EQ(names, "list get edit(w) edit_slot(w) create(w) ");
}

}  // namespace
}  // namespace mutexd::amplitude
