#include "service/amplitude/key_renewal_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/this_coro.hpp>

#include <memory>
#include <string>

#include "service/amplitude/error.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {
namespace {

using fakes::AnsweredWith;
using fakes::ConnectionLost;
using fakes::IsError;

// A key that changes when it is looked at, if there is another.
class RenewedKey final : public KeySource {
 public:
  std::shared_ptr<const Credential> current = Key("old");
  std::shared_ptr<const Credential> next;
  int looks = 0;

  static std::shared_ptr<const Credential> Key(std::string text) {
    return std::make_shared<const Credential>(Credential{std::move(text)});
  }

  absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override { return current; }
  asio::awaitable<void> Renew(asio::thread_pool&) override {
    ++looks;
    if (next != nullptr) current = next;
    co_return;
  }
};

class KeyRenewalTest : public testing::Test {
 protected:
  KeyRenewalTest() {
    v1::MutexGroup group;
    group.set_id("7");
    group.set_key("seven");
    group.add_slots()->set_percentage(100);
    amplitude_.groups.push_back(std::move(group));
  }

  absl::Status Get() { return loop_.Run(api_.Get(call_, "7")).status(); }

  // Amplitude rejects the next request.
  static absl::Status Rejection() { return AnsweredWith(Operation::kGet, 401); }

  fakes::TestLoop loop_;
  fakes::FakeAmplitude amplitude_{loop_.clock()};
  RenewedKey keys_;
  asio::thread_pool workers_{1};
  KeyRenewalApi api_{amplitude_, keys_, workers_};
  Call call_;
};

TEST_F(KeyRenewalTest, RequestsPassThrough) {
  EXPECT_TRUE(Get().ok());
  EXPECT_TRUE(loop_.Run(api_.List(call_, {})).ok());
  EXPECT_EQ(keys_.looks, 0);
}

TEST_F(KeyRenewalTest, ARejectedReadIsMadeAgainWithTheNewKey) {
  keys_.next = RenewedKey::Key("new");
  amplitude_.NextRead(Rejection());
  EXPECT_TRUE(Get().ok());
  EXPECT_EQ(keys_.looks, 1);
  EXPECT_EQ(amplitude_.Count(Operation::kGet), 2u);
}

TEST_F(KeyRenewalTest, ARejectedWriteIsMadeAgainWithTheNewKey) {
  keys_.next = RenewedKey::Key("new");
  amplitude_.NextWrite({.status = Rejection(), .applied = false});
  GroupEdit edit;
  edit.name = "New";
  EXPECT_TRUE(loop_.Run(api_.Edit(call_, "7", edit)).status.ok());
  EXPECT_EQ(amplitude_.Find("7")->name(), "New");
  EXPECT_EQ(amplitude_.Count(Operation::kEdit), 2u);
}

TEST_F(KeyRenewalTest, ARejectedCreateIsMadeAgainWithTheNewKey) {
  keys_.next = RenewedKey::Key("new");
  amplitude_.NextWrite({.status = Rejection(), .applied = false});
  v1::MutexGroup group;
  group.set_key("eight");
  group.add_slots()->set_percentage(100);
  EXPECT_TRUE(loop_.Run(api_.Create(call_, group)).status.ok());
  EXPECT_EQ(amplitude_.groups.size(), 2u);
}

TEST_F(KeyRenewalTest, WithoutAnotherKeyTheRejectionStands) {
  amplitude_.NextRead(Rejection());
  EXPECT_THAT(Get(), IsError(absl::StatusCode::kFailedPrecondition,
                             v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED));
  EXPECT_EQ(keys_.looks, 1);
  EXPECT_EQ(amplitude_.Count(Operation::kGet), 1u);
}

TEST_F(KeyRenewalTest, EachKeyIsTriedOnce) {
  keys_.next = RenewedKey::Key("new");
  amplitude_.NextRead(Rejection());
  amplitude_.NextRead(Rejection());
  EXPECT_FALSE(Get().ok());
  EXPECT_EQ(amplitude_.Count(Operation::kGet), 2u);
}

TEST_F(KeyRenewalTest, AKeyMayChangeTwice) {
  keys_.next = RenewedKey::Key("new 1");
  amplitude_.on_request = [this, number = 1](const fakes::SeenRequest&) mutable {
    keys_.next = RenewedKey::Key("new " + std::to_string(++number));
  };
  amplitude_.NextRead(Rejection());
  amplitude_.NextRead(Rejection());
  EXPECT_TRUE(Get().ok());
  for (int i = 0; i < 9; ++i) amplitude_.NextRead(Rejection());
  EXPECT_FALSE(Get().ok()) << "there is an end to it";
  EXPECT_EQ(amplitude_.Count(Operation::kGet), 6u);
}

TEST_F(KeyRenewalTest, AKeyThatHasChangedMeanwhileNeedsNoLook) {
  amplitude_.NextRead(Rejection());
  amplitude_.on_request = [this](const fakes::SeenRequest&) {
    keys_.current = RenewedKey::Key("new");
  };
  EXPECT_TRUE(Get().ok());
  EXPECT_EQ(keys_.looks, 0);
}

TEST_F(KeyRenewalTest, OtherFailuresAreLeftAlone) {
  keys_.next = RenewedKey::Key("new");
  for (const absl::Status& failure : {ConnectionLost(), AnsweredWith(Operation::kGet, 403)}) {
    amplitude_.NextRead(failure);
    EXPECT_EQ(Get(), failure);
  }
  EXPECT_EQ(keys_.looks, 0);
}

TEST_F(KeyRenewalTest, TheKeyOfACallerIsTheCallersToChange) {
  keys_.next = RenewedKey::Key("new");
  call_.credential = std::make_shared<const Credential>(Credential{"callers", true});
  amplitude_.NextRead(Rejection());
  EXPECT_FALSE(Get().ok());
  EXPECT_EQ(keys_.looks, 0);
}

}  // namespace
}  // namespace mutexd::amplitude
