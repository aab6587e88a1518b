#include "service/app/tls_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/test_certificate.h"

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

class TlsCheckTest : public ::testing::Test {
 protected:
  const absl::Time now = absl::Now();
  const TestCertificate pair = MakeCertificate();
  const TestCertificate other = MakeCertificate();
};

TEST_F(TlsCheckTest, AcceptsAPairAndTellsItsEnd) {
  const auto check = CheckCertificate(pair.certificate + other.certificate, pair.key, now);
  EXPECT_TRUE(check.certificate.ok()) << check.certificate;
  EXPECT_TRUE(check.key.ok()) << check.key;
  EXPECT_LT(absl::AbsDuration(check.not_after - now - absl::Hours(48)), absl::Minutes(1));
}

TEST_F(TlsCheckTest, RefusesTheKeyOfAnotherCertificate) {
  const auto check = CheckCertificate(pair.certificate, other.key, now);
  EXPECT_TRUE(check.certificate.ok());
  EXPECT_THAT(Text(check.key), HasSubstr("is not the key of the certificate"));
}

TEST_F(TlsCheckTest, RefusesWhatIsNotInForce) {
  EXPECT_THAT(Text(CheckCertificate(pair.certificate, pair.key, now + absl::Hours(49)).certificate),
              HasSubstr("has expired at"));
  EXPECT_THAT(Text(CheckCertificate(pair.certificate, pair.key, now - absl::Hours(2)).certificate),
              HasSubstr("is not valid before"));
}

TEST_F(TlsCheckTest, RefusesWhatIsEmptyCutOffOrGarbage) {
  EXPECT_THAT(Text(CheckCertificate("", pair.key, now).certificate),
              HasSubstr("has no certificate"));
  EXPECT_THAT(Text(CheckCertificate("hello", pair.key, now).certificate),
              HasSubstr("has no certificate"));
  const std::string half = pair.certificate.substr(0, pair.certificate.size() / 2);
  EXPECT_THAT(Text(CheckCertificate(half, pair.key, now).certificate), HasSubstr("cannot be read"));
  EXPECT_THAT(Text(CheckCertificate(pair.certificate + half, pair.key, now).certificate),
              HasSubstr("cannot be read"));
  EXPECT_THAT(Text(CheckCertificate(pair.certificate, "", now).key), HasSubstr("has no key"));
  EXPECT_THAT(
      Text(CheckCertificate(pair.certificate, pair.key.substr(0, pair.key.size() / 2), now).key),
      HasSubstr("cannot be read"));
  EXPECT_THAT(Text(CheckCertificate(pair.key, pair.certificate, now).certificate),
              HasSubstr("has no certificate"))
      << "the files are swapped";
}

TEST_F(TlsCheckTest, RefusesWhatIsTooWeakForTls) {
  const TestCertificate weak = MakeCertificate(-absl::Hours(1), absl::Hours(1), 512);
  EXPECT_THAT(Text(CheckCertificate(weak.certificate, weak.key, now).certificate),
              HasSubstr("key too small"));
}

TEST_F(TlsCheckTest, AcceptsAuthoritiesOfWhichOneIsInForce) {
  const TestCertificate expired = MakeCertificate(-absl::Hours(2), -absl::Hours(1));
  EXPECT_TRUE(CheckAuthorities(expired.certificate + pair.certificate, now).ok());
  EXPECT_THAT(Text(CheckAuthorities(expired.certificate, now)), HasSubstr("has expired"));
  EXPECT_THAT(Text(CheckAuthorities("", now)), HasSubstr("has no certificate"));
}

}  // namespace
}  // namespace mutexd::app
