#include "service/sandbox/access_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::sandbox {
namespace {

// The status with which a header is refused; 200 when it is accepted.
int StatusOf(const AccessKeys& keys, absl::string_view authorization) {
  const Access access = keys.Check(authorization);
  const auto* refused = std::get_if<AccessRefused>(&access);
  return refused == nullptr ? 200 : refused->status;
}

TEST(AccessKeys, AcceptAnyManagementKeyByDefault) {
  const AccessKeys keys({});
  EXPECT_EQ(StatusOf(keys, "Bearer ampex_anything"), 200);
  EXPECT_EQ(StatusOf(keys, "bearer   ampex_anything "), 200);
}

TEST(AccessKeys, RefuseWhatIsNoManagementKey) {
  const AccessKeys keys({});
  EXPECT_EQ(StatusOf(keys, ""), 401);
  EXPECT_EQ(StatusOf(keys, "Bearer "), 401);
  EXPECT_EQ(StatusOf(keys, "Bearer ampex_"), 401);
  EXPECT_EQ(StatusOf(keys, "Bearer other_key"), 401);
  EXPECT_EQ(StatusOf(keys, "Basic YW1wZXhfeA=="), 401);
  EXPECT_EQ(StatusOf(keys, "ampex_anything"), 401);
}

TEST(AccessKeys, TellRevokedFromForeignKeys) {
  const AccessKeys keys({{"good", KeyState::kValid},
                         {"old", KeyState::kRevoked},
                         {"theirs", KeyState::kOtherProject}});
  EXPECT_EQ(StatusOf(keys, "Bearer good"), 200);
  EXPECT_EQ(StatusOf(keys, "Bearer old"), 401);
  EXPECT_EQ(StatusOf(keys, "Bearer theirs"), 403);
  EXPECT_EQ(StatusOf(keys, "Bearer ampex_not_listed"), 401);
}

TEST(AccessKeys, NameTheKeyThatWasGranted) {
  const Access access = AccessKeys({}).Check("Bearer ampex_7");
  ASSERT_TRUE(std::holds_alternative<AccessGranted>(access));
  EXPECT_EQ(std::get<AccessGranted>(access).key, "ampex_7");
}

TEST(ParseAccessKey, ReadsKeyAndState) {
  const auto plain = ParseAccessKey("ampex_1");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->key, "ampex_1");
  EXPECT_EQ(plain->state, KeyState::kValid);
  EXPECT_EQ(ParseAccessKey("k=valid")->state, KeyState::kValid);
  EXPECT_EQ(ParseAccessKey("k=revoked")->state, KeyState::kRevoked);
  EXPECT_EQ(ParseAccessKey("k=other-project")->state, KeyState::kOtherProject);
}

TEST(ParseAccessKey, NamesTheStatesWhenItIsUnknown) {
  EXPECT_THAT(std::string(ParseAccessKey("k=lost").status().message()),
              testing::HasSubstr("valid, revoked or other-project"));
  EXPECT_FALSE(ParseAccessKey("=valid").ok());
  EXPECT_FALSE(ParseAccessKey("").ok());
}

}  // namespace
}  // namespace mutexd::sandbox
