#include "service/app/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/test_certificate.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  void Write(const TestCertificate& pair) { files = {{"c", pair.certificate}, {"k", pair.key}}; }

  void Open() {
    auto opened = TlsFiles::Open(
        {"c", "k", ""},
        [this](const std::string& path) -> absl::StatusOr<std::string> {
          const auto file = files.find(path);
          if (file == files.end()) return absl::NotFoundError("cannot be read: gone");
          return file->second;
        },
        metrics, captured.log());
    ASSERT_TRUE(opened.ok()) << opened.status();
    tls = *std::move(opened);
  }

  std::string InForce() const { return tls->source()->Current().material->certificate_chain; }

  int Warnings() {
    tls.reset();
    int count = 0;
    for (const std::string& line : captured.TakeLines()) {
      if (line.find("\"level\":\"warning\"") != std::string::npos) ++count;
    }
    return count;
  }

  const TestCertificate first = MakeCertificate();
  const TestCertificate second = MakeCertificate();
  std::map<std::string, std::string> files;
  telemetry::Metrics metrics;
  telemetry::CapturedLog captured;
  std::unique_ptr<TlsFiles> tls;
};

TEST_F(TlsFilesTest, TakesANewPair) {
  Write(first);
  Open();
  Write(second);
  tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(InForce(), second.certificate);
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_tls_reloads_total{result=\"taken\"} 1"));
  EXPECT_EQ(Warnings(), 0);
}

TEST_F(TlsFilesTest, PublishesNothingWhileNothingChanges) {
  Write(first);
  Open();
  const auto before = tls->source()->Current().number;
  tls->Reload(ReloadCause::kInterval);
  tls->Reload(ReloadCause::kRequest);
  EXPECT_EQ(tls->source()->Current().number, before);
}

TEST_F(TlsFilesTest, IsSilentAboutAPairThatIsBeingReplaced) {
  Write(first);
  Open();
  files["c"] = second.certificate;
  tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(InForce(), first.certificate);
  files["k"] = second.key;
  tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(InForce(), second.certificate);
  EXPECT_EQ(Warnings(), 0);
}

TEST_F(TlsFilesTest, KeepsThePairAndWarnsOnceOfEachBrokenChange) {
  Write(first);
  Open();
  files["c"] = "";
  for (int i = 0; i < 5; ++i) tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(InForce(), first.certificate);
  files.erase("c");
  for (int i = 0; i < 5; ++i) tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(InForce(), first.certificate);
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_tls_reloads_total{result=\"refused\"} 2"));
  EXPECT_EQ(Warnings(), 2);
}

TEST_F(TlsFilesTest, WarnsAtOnceWhoAsks) {
  Write(first);
  Open();
  files["k"] = second.key;
  tls->Reload(ReloadCause::kRequest);
  tls->Reload(ReloadCause::kInterval);
  EXPECT_EQ(Warnings(), 1);
}

TEST_F(TlsFilesTest, WarnsWhenTheCertificateInForceExpires) {
  Write(first);
  Open();
  for (int i = 0; i < 3; ++i) tls->Reload(ReloadCause::kInterval, absl::Now() + absl::Hours(100));
  EXPECT_EQ(InForce(), first.certificate);
  EXPECT_EQ(Warnings(), 1);
}

TEST_F(TlsFilesTest, NamesTheSettingOfEachFileThatCannotBeUsed) {
  const auto none = [](const std::string&) -> absl::StatusOr<std::string> {
    return absl::NotFoundError("cannot be read: gone");
  };
  const auto loaded = TlsFiles::Load({"c", "k", "a"}, none, absl::Now());
  std::vector<std::string> settings;
  for (const auto& problem : loaded.problems) settings.emplace_back(problem.setting);
  EXPECT_THAT(settings, ::testing::ElementsAre("tls-cert", "tls-key", "tls-client-ca"));
}

}  // namespace
}  // namespace mutexd::app
