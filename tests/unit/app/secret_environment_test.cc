#include "service/app/secret_environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

namespace mutexd::app {
namespace {

TEST(SecretEnvironment, IsOverwrittenAndUnset) {
  char variable[] = "AMPLITUDE_MANAGEMENT_KEY=ampex_secret";
  putenv(variable);
  setenv("MUTEXD_REGION", "eu", 1);
  ForgetSecretsOfEnvironment();
  EXPECT_EQ(std::getenv("AMPLITUDE_MANAGEMENT_KEY"), nullptr);
  EXPECT_EQ(std::memchr(variable, 'x', sizeof(variable) - 1), nullptr) << "the text is still there";
  EXPECT_STREQ(std::getenv("MUTEXD_REGION"), "eu");
  unsetenv("MUTEXD_REGION");
  ForgetSecretsOfEnvironment();  // without any
}

}  // namespace
}  // namespace mutexd::app
