#include "service/app/watched_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WatchedFileTest : public ::testing::Test {
 protected:
  void Look() { file_.Take(file_.Read()); }

  absl::StatusOr<std::string> text_ = "one";
  std::vector<std::pair<std::string, bool>> used_;
  telemetry::CapturedLog captured_;
  WatchedFile file_{"test file", "/f", [this](const std::string&) { return text_; },
                    [this](const std::string& text, bool changed) -> absl::Status {
                      if (absl::StrContains(text, "bad")) return absl::InvalidArgumentError(text);
                      used_.emplace_back(text, changed);
                      return absl::OkStatus();
                    },
                    captured_.log()};
};

TEST_F(WatchedFileTest, IsUsedWhenItIsOpenedAndWhenItHasChanged) {
  ASSERT_TRUE(file_.Open().ok());
  Look();
  text_ = "two";
  Look();
  Look();
  EXPECT_THAT(used_, ElementsAre(std::pair("one", false), std::pair("two", true)));
  EXPECT_THAT(captured_.TakeLines(), IsEmpty());
}

TEST_F(WatchedFileTest, CannotBeOpenedWhileItCannotBeUsed) {
  text_ = "bad";
  EXPECT_EQ(file_.Open().message(), "bad");
  text_ = absl::NotFoundError("cannot be read: No such file or directory");
  EXPECT_FALSE(file_.Open().ok());
}

TEST_F(WatchedFileTest, WarnsOnceOfEachProblem) {
  ASSERT_TRUE(file_.Open().ok());
  for (const char* text : {"bad 1", "bad 1", "bad 2", "one", "bad 2"}) {
    text_ = text;
    Look();
  }
  EXPECT_THAT(used_, ElementsAre(std::pair("one", false))) << "what it held stays in force";
  EXPECT_THAT(captured_.TakeLines(),
              ElementsAre(AllOf(HasSubstr("the test file cannot be used"), HasSubstr("bad 1")),
                          HasSubstr("bad 2"), HasSubstr("bad 2")));
}

TEST_F(WatchedFileTest, WhatWasReadLaterIsNotReplacedByWhatWasReadBefore) {
  ASSERT_TRUE(file_.Open().ok());
  WatchedFile::Look slow = file_.Read();
  text_ = "two";
  Look();
  file_.Take(std::move(slow));
  EXPECT_THAT(used_, ElementsAre(std::pair("one", false), std::pair("two", true)));
}

}  // namespace
}  // namespace mutexd::app
