#include "mutexgroups/client_options.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "mutexgroups/client.h"

namespace mutexgroups {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "ampex_secret";

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

std::string ProblemOf(const ClientOptions& options) {
  const auto client = Client::Connect(options);
  if (client.ok()) return "";
  EXPECT_EQ(client.error().code, grpc::StatusCode::INVALID_ARGUMENT);
  return client.error().message;
}

TEST(ClientOptions, ComeFromTheEnvironment) {
  const Variable server("MUTEXGROUPS_SERVER", "gateway:1");
  const Variable tls("MUTEXGROUPS_TLS", "off");
  const Variable ca("MUTEXGROUPS_TLS_CA_FILE", "ca.pem");
  const Variable cert("MUTEXGROUPS_TLS_CERT_FILE", "cert.pem");
  const Variable key("MUTEXGROUPS_TLS_KEY_FILE", "key.pem");
  const Variable name("MUTEXGROUPS_TLS_SERVER_NAME", "mutexd.example");
  const Variable management_key("MUTEXGROUPS_AMPLITUDE_KEY", kSecret);
  const auto options = ClientOptions::FromEnvironment();
  EXPECT_EQ(options.server, "gateway:1");
  EXPECT_EQ(options.tls, "off");
  EXPECT_EQ(options.tls_ca_file, "ca.pem");
  EXPECT_EQ(options.tls_cert_file, "cert.pem");
  EXPECT_EQ(options.tls_key_file, "key.pem");
  EXPECT_EQ(options.tls_server_name, "mutexd.example");
  EXPECT_EQ(options.amplitude_key, "");
}

TEST(ClientOptions, EmptyVariablesSayNothing) {
  const Variable server("MUTEXGROUPS_SERVER", "");
  const Variable ca("MUTEXGROUPS_TLS_CA_FILE", "");
  const auto options = ClientOptions::FromEnvironment();
  EXPECT_EQ(options.server, kDefaultServer);
  EXPECT_FALSE(UsesTls(options));
}

TEST(ClientOptions, AFileTurnsTlsOnAndTheSwitchDecides) {
  EXPECT_FALSE(UsesTls({}));
  EXPECT_TRUE(UsesTls({.tls = "on"}));
  EXPECT_TRUE(UsesTls({.tls_ca_file = "ca.pem"}));
  EXPECT_TRUE(UsesTls({.tls_cert_file = "cert.pem", .tls_key_file = "key.pem"}));
  EXPECT_FALSE(UsesTls({.tls = "off", .tls_ca_file = "ca.pem"}));
}

TEST(ClientOptions, SayWhatIsWrongWithThem) {
  EXPECT_THAT(ProblemOf({.server = "gateway"}),
              AllOf(HasSubstr("MUTEXGROUPS_SERVER"), HasSubstr("the port is missing")));
  EXPECT_THAT(ProblemOf({.timeout = std::chrono::seconds(0)}), HasSubstr("over zero"));
  EXPECT_THAT(ProblemOf({.tls = "maybe"}),
              AllOf(HasSubstr("MUTEXGROUPS_TLS"), HasSubstr("on or off"), HasSubstr("maybe")));
  EXPECT_THAT(ProblemOf({.tls_cert_file = "c.pem"}), HasSubstr("tls_key_file"));
  EXPECT_THAT(ProblemOf({.tls_key_file = "k.pem"}), HasSubstr("tls_cert_file"));
}

TEST(ClientOptions, SayWhichFileCannotBeUsed) {
  const std::string missing = ::testing::TempDir() + "/there-is-none.pem";
  EXPECT_THAT(ProblemOf({.tls_ca_file = missing}),
              AllOf(HasSubstr("tls_ca_file"), HasSubstr(missing), HasSubstr("No such file")));
  EXPECT_THAT(ProblemOf({.tls_ca_file = ::testing::TempDir()}), HasSubstr("cannot read"));
  const std::string text = ::testing::TempDir() + "/not-a-certificate.pem";
  std::ofstream(text) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(ProblemOf({.tls_ca_file = text}), HasSubstr("has no certificates in PEM"));
  EXPECT_THAT(ProblemOf({.tls_cert_file = text, .tls_key_file = text}),
              HasSubstr("are not a certificate and its key"));
  EXPECT_EQ(ProblemOf({.tls = "off", .tls_ca_file = missing}), "");
}

TEST(ClientOptions, KeepTheKeyFromNetworksInPlainText) {
  for (const char* server : {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/mutexd.sock"}) {
    EXPECT_EQ(ProblemOf({.server = server, .amplitude_key = kSecret}), "") << server;
  }
  for (const char* server : {"gateway:1", "127.example.com:1", "unix.example.com:1"}) {
    EXPECT_THAT(ProblemOf({.server = server, .amplitude_key = kSecret}),
                AllOf(HasSubstr("plain text"), Not(HasSubstr(kSecret))))
        << server;
    EXPECT_EQ(ProblemOf({.server = server, .tls = "on", .amplitude_key = kSecret}), "") << server;
  }
  EXPECT_THAT(ProblemOf({.amplitude_key = absl::StrCat(kSecret, "\n")}),
              AllOf(HasSubstr("amplitude_key"), Not(HasSubstr(kSecret))));
}

}  // namespace
}  // namespace mutexgroups
