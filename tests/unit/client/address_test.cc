#include "mutexgroups/address.h"

#include <gmock/gmock.h>

namespace mutexgroups {
namespace {

using ::testing::HasSubstr;

TEST(Address, TakesWhatGrpcCanDial) {
  for (const char* address :
       {"127.0.0.1:50051", "[::1]:50051", "gateway:443", "unix:/run/mutexd.sock", "unix:///run/x",
        "unix-abstract:mutexd", "dns:///gateway.example.com:50051", "dns://8.8.8.8/gateway:1",
        "ipv4:10.0.0.1:50051,10.0.0.2:50051", "ipv6:[::1]:50051"}) {
    EXPECT_EQ(AddressProblem(address), std::nullopt) << address;
  }
}

TEST(Address, SaysWhatIsWrongAndHowToWriteIt) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "it is empty"},
      {"unix:", "the path is missing"},
      {"http://gateway:50051", "it is a URL"},
      {"gateway", "the port is missing"},
      {"[::1]", "the port is missing"},
      {"gateway:", "the port is not a number"},
      {"gateway:http", "the port is not a number"},
      {"gateway:0", "the port is not a number"},
      {"gateway:65536", "the port is not a number"},
      {":50051", "the host is missing"},
      {"::1:50051", "an IPv6 address needs brackets"},
  };
  for (const auto& [address, problem] : kCases) {
    const auto found = AddressProblem(address);
    ASSERT_TRUE(found.has_value()) << address;
    EXPECT_THAT(*found, HasSubstr(problem)) << address;
    EXPECT_THAT(*found, HasSubstr("write host:port")) << address;
  }
}

TEST(Address, KnowsWhatStaysOnThisMachine) {
  for (const char* address : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x",
                              "unix-abstract:x", "dns:///localhost:1", "ipv4:127.0.0.1:1"}) {
    EXPECT_TRUE(IsLocal(address)) << address;
  }
  for (const char* address :
       {"10.0.0.1:1", "gateway:1", "[::2]:1", "localhost.example.com:1", "127.example.com:1",
        "unix.example.com:1", "dns://127.0.0.1/gateway:1", "ipv4:127.0.0.1:1,10.0.0.1:1"}) {
    EXPECT_FALSE(IsLocal(address)) << address;
  }
}

}  // namespace
}  // namespace mutexgroups
