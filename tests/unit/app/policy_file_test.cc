#include "service/app/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "service/authz/rpcs.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string PolicyThatAllows(absl::string_view what) {
  return absl::StrCat("[[rule]]\nname = \"r\"\nprincipals = [\"anonymous\"]\nallow = [\"", what,
                      "\"]\n");
}

class PolicyFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PolicyFile>> Open() {
    return PolicyFile::Open(
        "/p.toml", [this](const std::string&) { return text_; }, captured_.log());
  }

  std::string text_ = PolicyThatAllows("read");
  telemetry::CapturedLog captured_;
};

TEST_F(PolicyFileTest, CannotBeOpenedWithAProblem) {
  text_ = "rules = 1";
  const auto file = Open();
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("/p.toml:1: unknown key"));
}

TEST_F(PolicyFileTest, GovernsByWhatTheFileHolds) {
  auto file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  rpc::AccessControl access({}, (*file)->policy());
  (*file)->Govern(access);
  const auto may_read = [&] { return (*file)->policy()->MayRead({}); };
  EXPECT_TRUE(may_read());
  const auto look = [&] { (*file)->file().Take((*file)->file().Read()); };
  text_ = "rules = 1";
  look();
  EXPECT_TRUE(may_read()) << "a broken one leaves the former in force";
  text_ = PolicyThatAllows("write");
  look();
  EXPECT_FALSE(may_read());
  text_ = "";
  look();
  EXPECT_TRUE((*file)->policy()->rules().empty());
  EXPECT_THAT(captured_.TakeLines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("/p.toml:1")),
                          AllOf(HasSubstr("the authorization policy has changed"),
                                HasSubstr("\"rules\":1")),
                          HasSubstr("nobody may do anything"), HasSubstr("\"rules\":0")));
}

}  // namespace
}  // namespace mutexd::app
