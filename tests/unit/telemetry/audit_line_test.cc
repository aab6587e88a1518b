#include "service/telemetry/audit_line.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/error.h"

namespace mutexd::telemetry {
namespace {

namespace v1 = ::mutexgroups::v1;

using amplitude::FetchedGroup;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<FetchedGroup> Fetched(const v1::MutexGroup& group) {
  auto fetched = std::make_shared<FetchedGroup>();
  auto* copy = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&fetched->arena);
  *copy = group;
  fetched->group = copy;
  return fetched;
}

v1::MutexGroup GroupWithMembers(int first, int last) {
  v1::MutexGroup group;
  group.set_id("7");
  v1::Slot* slot = group.add_slots();
  for (int i = first; i <= last; ++i) slot->add_individuals(absl::StrCat("user-", i));
  return group;
}

rpc::WriteRecord Record() {
  rpc::WriteRecord record;
  record.time = absl::FromUnixSeconds(1700000000);
  record.report.method = "AddSlotMembers";
  record.report.rpc_id = "id-1";
  record.report.caller = "team-a";
  record.report.mutex_group_id = "7";
  record.report.http_status = 200;
  record.report.write_sent = true;
  return record;
}

google::protobuf::Struct Parsed(const std::string& line) {
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &parsed).ok()) << line;
  return parsed;
}

std::string TextIn(const google::protobuf::Struct& line, const std::string& name) {
  const auto found = line.fields().find(name);
  return found == line.fields().end() ? "(none)" : found->second.string_value();
}

TEST(AuditLine, TellsWhoDidWhatWhenAndWhatCameOfIt) {
  const std::string line = AuditLine(Record());
  EXPECT_THAT(line, EndsWith("}\n"));
  const auto parsed = Parsed(line);
  EXPECT_EQ(TextIn(parsed, "event"), "write");
  EXPECT_EQ(TextIn(parsed, "time"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(TextIn(parsed, "rpc_id"), "id-1");
  EXPECT_EQ(TextIn(parsed, "caller"), "team-a");
  EXPECT_EQ(TextIn(parsed, "method"), "AddSlotMembers");
  EXPECT_EQ(TextIn(parsed, "mutex_group_id"), "7");
  EXPECT_EQ(TextIn(parsed, "code"), "OK");
  EXPECT_EQ(parsed.fields().at("http_status").number_value(), 200);
  EXPECT_TRUE(parsed.fields().at("write_sent").bool_value());
}

TEST(AuditLine, HasTheReasonAndTheMessageOfARefusal) {
  rpc::WriteRecord record = Record();
  record.report.status = amplitude::MakeError(absl::StatusCode::kPermissionDenied,
                                              v1::ERROR_REASON_CALLER_NOT_ALLOWED, "not you");
  const auto parsed = Parsed(AuditLine(record));
  EXPECT_EQ(TextIn(parsed, "code"), "PERMISSION_DENIED");
  EXPECT_EQ(TextIn(parsed, "reason"), "CALLER_NOT_ALLOWED");
  EXPECT_EQ(TextIn(parsed, "message"), "not you");
  EXPECT_TRUE(parsed.fields().at("before").has_null_value());
}

TEST(AuditLine, HasGroupsWithAllTheirListsInTheApisJson) {
  rpc::WriteRecord record = Record();
  record.before = Fetched(GroupWithMembers(1, 0));
  record.after = Fetched(GroupWithMembers(1, 2));
  const std::string line = AuditLine(record);
  EXPECT_THAT(line, HasSubstr("\"individuals\":[]"));
  EXPECT_THAT(line, HasSubstr("\"individuals\":[\"user-1\",\"user-2\"]"));
  EXPECT_THAT(line, Not(HasSubstr("omitted_members")));
}

TEST(AuditLine, AfterWhatNeededNoWriteTheGroupIsAsBefore) {
  rpc::WriteRecord record = Record();
  record.before = Fetched(GroupWithMembers(1, 2));
  const auto parsed = Parsed(AuditLine(record));
  EXPECT_EQ(TextIn(parsed.fields().at("after").struct_value(), "id"), "7");
}

TEST(AuditLine, HasTheRequestWhereNothingElseTellsWhatWasAskedFor) {
  rpc::WriteRecord record = Record();
  auto request = std::make_shared<v1::AddSlotMembersRequest>();
  request->add_experiment_ids(9007199254740993);
  record.request = request;
  EXPECT_THAT(AuditLine(record), HasSubstr("\"experiment_ids\":[\"9007199254740993\"]"));
}

TEST(AuditLine, IsOneLineWhateverTheTextsHold) {
  rpc::WriteRecord record = Record();
  record.report.caller = "evil\n{\"event\":\"write\"}\x1b[2J\x7f\xff";
  v1::MutexGroup group;
  group.set_name("line\r\nbreak\x01\"\\");
  record.before = Fetched(group);
  const std::string line = AuditLine(record);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line.substr(0, line.size() - 1)) {
    EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  }
  EXPECT_EQ(TextIn(Parsed(line).fields().at("before").struct_value(), "name"),
            "line\r\nbreak\x01\"\\");
}

TEST(AuditLine, OfLongListsKeepsWhatChanged) {
  rpc::WriteRecord record = Record();
  record.before = Fetched(GroupWithMembers(1, 3000));
  record.after = Fetched(GroupWithMembers(3, 3001));
  const std::string line = AuditLine(record);
  EXPECT_THAT(line, HasSubstr("\"individuals\":[\"user-1\",\"user-2\"]"));
  EXPECT_THAT(line, HasSubstr("\"individuals\":[\"user-3001\"]"));
  EXPECT_THAT(line, HasSubstr("\"omitted_members\":5996"));
}

TEST(AuditLine, TellsHowMuchOfALongTextWasCut) {
  rpc::WriteRecord record = Record();
  v1::MutexGroup group;
  group.set_description(std::string(1023, 'x') + "éé" + std::string(10, 'y'));
  record.before = Fetched(group);
  record.report.status = absl::UnknownError("");
  const auto parsed = Parsed(AuditLine(record));
  EXPECT_EQ(TextIn(parsed.fields().at("before").struct_value(), "description"),
            std::string(1023, 'x') + "… [14 bytes more]");
  EXPECT_EQ(parsed.fields().at("cut_texts").number_value(), 1);
}

TEST(AuditLine, IsNeverLongerThanItsLimit) {
  rpc::WriteRecord record = Record();
  v1::MutexGroup group;
  for (int slot = 0; slot < 100; ++slot) {
    v1::Slot& added = *group.add_slots();
    for (int i = 0; i < 900; ++i) added.add_individuals(absl::StrCat(slot, "-", i));
  }
  record.after = Fetched(group);
  AuditLimits limits;
  limits.line_bytes = 100'000;
  const std::string line = AuditLine(record, limits);
  EXPECT_LT(line.size(), limits.line_bytes + 4096);
  EXPECT_GT(line.size(), 20'000u);
  EXPECT_THAT(line, HasSubstr("omitted_members"));
}

}  // namespace
}  // namespace mutexd::telemetry
