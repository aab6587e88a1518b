#include "service/rpc/caller_identity.h"

#include <gtest/gtest.h>

namespace mutexd::rpc {
namespace {

TEST(CallerIdentity, IsNamedByTheMostTellingOfItsNames) {
  CallerIdentity caller{.spiffe_id = "spiffe://example.com/checkout",
                        .dns_names = {"checkout.example.com", "second.example.com"},
                        .subject = "Checkout",
                        .listener = "unix"};
  EXPECT_EQ(caller.Name(), "spiffe://example.com/checkout");
  caller.spiffe_id.clear();
  EXPECT_EQ(caller.Name(), "checkout.example.com");
  caller.dns_names.clear();
  EXPECT_EQ(caller.Name(), "Checkout");
  caller.subject.clear();
  EXPECT_EQ(caller.Name(), "unix");
}

TEST(CallerIdentity, IsEmptyForWhoIsUnknown) { EXPECT_EQ(CallerIdentity().Name(), ""); }

}  // namespace
}  // namespace mutexd::rpc
