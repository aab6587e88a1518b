#include "service/app/management_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <functional>

#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ManagementKey, IsTrimmed) {
  EXPECT_EQ(ParseManagementKey(" \tampex_x\r\n").value(), "ampex_x");
}

TEST(ManagementKey, IsOneWordOfAscii) {
  for (const char* text : {"", " \n", "two words", "two\nlines", "k\xC3\xA9y"}) {
    EXPECT_FALSE(ParseManagementKey(text).ok()) << text;
  }
}

// Lets each sleep pass at once, `turns` times, and then cancels.
class TurnsClock final : public amplitude::Clock {
 public:
  explicit TurnsClock(std::function<bool()> turn) : turn_(std::move(turn)) {}

  absl::Time Now() const override { return absl::UnixEpoch(); }
  amplitude::MonotonicTime MonotonicNow() const override { return {}; }
  asio::awaitable<bool> SleepUntil(amplitude::MonotonicTime) override { co_return turn_(); }

 private:
  std::function<bool()> turn_;
};

class KeyFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<KeyFile>> Open() {
    return KeyFile::Open(
        "/k", [this](const std::string&) { return text_; }, captured_.log());
  }

  // The key in force after the file has held each of `texts` for one look.
  std::vector<std::string> KeysAfter(KeyFile& file,
                                     std::vector<absl::StatusOr<std::string>> texts) {
    std::vector<std::string> keys;
    asio::io_context loop;
    asio::thread_pool workers(1);
    std::size_t next = 0;
    TurnsClock clock([&] {
      if (next > 0) keys.push_back((*file.CurrentKey())->management_key);
      if (next == texts.size()) return false;
      text_ = texts[next++];
      return true;
    });
    asio::co_spawn(loop, file.file().Watch(clock, workers), asio::detached);
    loop.run();
    workers.join();
    return keys;
  }

  absl::StatusOr<std::string> text_ = "ampex_first_key\n";
  telemetry::CapturedLog captured_;
};

TEST_F(KeyFileTest, HasTheKeyFromTheStart) {
  auto file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  const auto key = (*file)->CurrentKey();
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->management_key, "ampex_first_key");
  EXPECT_FALSE((*key)->from_caller);
}

TEST_F(KeyFileTest, CannotBeOpenedWithoutAKey) {
  text_ = "\n";
  EXPECT_FALSE(Open().ok());
  text_ = absl::NotFoundError("cannot be read: No such file or directory");
  EXPECT_FALSE(Open().ok());
}

TEST_F(KeyFileTest, UsesWhatTheFileHoldsNow) {
  auto file = Open();
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(KeysAfter(**file, {"ampex_first_key\n", "ampex_second_key\n", "ampex_third_key"}),
              ElementsAre("ampex_first_key", "ampex_second_key", "ampex_third_key"));
  EXPECT_THAT(captured_.TakeLines(), ElementsAre(HasSubstr("\"the management key has changed\""),
                                                 HasSubstr("\"the management key has changed\"")));
}

TEST_F(KeyFileTest, KeepsTheFormerKeyWhileTheFileIsBroken) {
  auto file = Open();
  ASSERT_TRUE(file.ok());
  const auto missing = absl::NotFoundError("cannot be read: No such file or directory");
  EXPECT_THAT(KeysAfter(**file, {missing, missing, "", "ampex_second_key", missing}),
              ElementsAre("ampex_first_key", "ampex_first_key", "ampex_first_key",
                          "ampex_second_key", "ampex_second_key"));
  EXPECT_THAT(captured_.TakeLines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("\"path\":\"/k\""),
                                HasSubstr("No such file")),
                          HasSubstr("is empty"), HasSubstr("has changed"),
                          HasSubstr("\"level\":\"warning\"")))
      << "one warning each time that it breaks in another way";
}

TEST_F(KeyFileTest, HidesEveryKeyInTheLog) {
  auto file = Open();
  ASSERT_TRUE(file.ok());
  KeysAfter(**file, {"ampex_second_key"});
  captured_.log().Write(telemetry::LogLevel::kInfo, "ampex_first_key ampex_second_key");
  for (const std::string& line : captured_.TakeLines()) {
    EXPECT_THAT(line, AllOf(Not(HasSubstr("first_key")), Not(HasSubstr("second_key"))));
  }
}

}  // namespace
}  // namespace mutexd::app
