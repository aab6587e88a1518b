// docs/configuration.md and the table of settings must agree.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "service/app/setting_table.h"
#include "tests/unit/app/settings_fixture.h"
#include "tests/unit/app/test_certificate.h"

namespace mutexd::app {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Row {
  std::string name;
  std::string variable;
  std::string default_text;
  std::string meaning;
  std::string example;
};

std::string WithoutBackticks(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (absl::ConsumePrefix(&cell, "`")) absl::ConsumeSuffix(&cell, "`");
  return std::string(cell);
}

// The rows of the page's table of settings.
std::vector<Row> Rows() {
  std::ifstream page(MUTEXD_CONFIGURATION_PAGE);
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| Setting |", 0) == 0) {
      inside = true;
      std::getline(page, line);  // the rule below the heading
    } else if (inside && line.empty()) {
      break;
    } else if (inside) {
      const std::vector<std::string> cells = absl::StrSplit(line, '|');
      if (cells.size() != 7) {
        ADD_FAILURE() << "not five cells: " << line;
        continue;
      }
      rows.push_back({WithoutBackticks(cells[1]), WithoutBackticks(cells[2]),
                      WithoutBackticks(cells[3]), WithoutBackticks(cells[4]),
                      WithoutBackticks(cells[5])});
    }
  }
  return rows;
}

std::vector<Setting> DocumentedSettings() {
  std::vector<Setting> settings;
  for (const Setting& setting : SettingTable()) {
    if (!setting.is_secret()) settings.push_back(setting);  // has a section of its own
  }
  return settings;
}

TEST(ConfigurationPage, HasEverySettingInTheOrderOfHelp) {
  std::vector<std::string> documented;
  for (const Row& row : Rows()) documented.push_back(row.name);
  std::vector<std::string> expected;
  for (const Setting& setting : DocumentedSettings()) expected.emplace_back(setting.name);
  EXPECT_THAT(documented, ElementsAreArray(expected));
}

TEST(ConfigurationPage, TellsVariablesAndDefaults) {
  const std::vector<Row> rows = Rows();
  const std::vector<Setting> settings = DocumentedSettings();
  ASSERT_EQ(rows.size(), settings.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Setting& setting = settings[i];
    const bool has_variable = (setting.places & Setting::kEnvironment) != 0;
    EXPECT_EQ(rows[i].variable, has_variable ? setting.EnvironmentName() : "") << setting.name;
    EXPECT_EQ(rows[i].default_text,
              setting.default_text.empty() ? "none" : std::string(setting.default_text))
        << setting.name;
    EXPECT_NE(rows[i].meaning, "") << setting.name;
  }
}

TEST(ConfigurationPage, HasExamplesThatAreTaken) {
  const std::vector<Row> rows = Rows();
  const std::vector<Setting> settings = DocumentedSettings();
  ASSERT_EQ(rows.size(), settings.size());
  const TestCertificate tls = MakeCertificate();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if ((settings[i].places & Setting::kFile) == 0) continue;
    Given given;
    given.arguments = {"--config=m.toml"};
    given.files["m.toml"] = rows[i].example;
    given.files["/etc/ssl/certs/proxy-ca.pem"] = "-----BEGIN CERTIFICATE-----";
    given.files["/etc/mutexd/tls.crt"] = tls.certificate;
    given.files["/etc/mutexd/tls.key"] = tls.key;
    given.files["/etc/mutexd/callers.crt"] = tls.certificate;
    given.files["/etc/mutexd/policy.toml"] = "";
    if (settings[i].name == "credentials") given.environment.clear();
    if (settings[i].name == "sandbox-state") given.arguments.push_back("--sandbox");
    const bool about_tls = absl::StartsWith(settings[i].name, "tls-");
    if (about_tls && settings[i].name != "tls-cert") {
      given.arguments.push_back("--tls-cert=/etc/mutexd/tls.crt");
    }
    if (about_tls && settings[i].name != "tls-key") {
      given.arguments.push_back("--tls-key=/etc/mutexd/tls.key");
    }
    const Configuration configuration = Load(given);
    EXPECT_THAT(configuration.problems, IsEmpty()) << rows[i].example;
    for (const EffectiveValue& value : configuration.values) {
      if (value.name == settings[i].name) {
        EXPECT_EQ(value.origin.kind, OriginKind::kFile) << rows[i].example;
      }
    }
  }
}

}  // namespace
}  // namespace mutexd::app
