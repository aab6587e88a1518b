#include "service/app/configuration.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "service/app/management_key.h"
#include "service/app/setting_sources.h"
#include "service/app/setting_table.h"
#include "service/app/setting_values.h"
#include "service/app/tls_files.h"
#include "service/authz/policy_text.h"

namespace mutexd::app {
namespace {

// What file, environment and flags say: in rising precedence.
using Layers = std::array<GivenSettings, 3>;

void Append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// How a problem begins: `amplitude-url = "ftp://x" (flag --amplitude-url)`.
std::string Subject(const EffectiveValue& value) {
  return absl::StrCat(value.name, " = \"", HideUser(absl::StrJoin(value.texts, ",")), "\" (",
                      value.origin.where, ")");
}

EffectiveValue Choose(const Setting& setting, const Layers& layers) {
  EffectiveValue value{setting.name, {}, {OriginKind::kDefault, "default"}};
  if (!setting.default_text.empty()) value.texts = {std::string(setting.default_text)};
  for (const GivenSettings& layer : layers) {
    const auto given = layer.values.find(setting.name);
    if (given == layer.values.end()) continue;
    value.texts = given->second.texts;
    value.origin = given->second.origin;
  }
  return value;
}

void ReadConfigurationFile(const ConfigurationSources& sources, Layers& layers) {
  GivenSettings& file = layers[0];
  const EffectiveValue path = [&] {
    const auto& table = SettingTable();
    return Choose(*std::find_if(table.begin(), table.end(),
                                [](const Setting& setting) { return setting.name == "config"; }),
                  layers);
  }();
  if (path.texts.empty() || path.texts[0].empty()) return;  // empty: told by the setting itself
  const auto text = sources.read_file(path.texts[0]);
  if (!text.ok()) {
    file.problems.push_back(absl::StrCat("config = \"", path.texts[0], "\" (", path.origin.where,
                                         "): ", std::string(text.status().message()),
                                         "; give the path of a readable TOML file"));
    return;
  }
  file = ReadFile(*text, path.texts[0]);
}

class Checks {
 public:
  Checks(const ConfigurationSources& sources, Configuration& configuration)
      : sources_(sources), configuration_(configuration) {}

  void Run() {
    CheckKey();
    CheckPolicy();
    CheckSandbox();
    CheckFiles();
    CheckStaleness();
    CheckTls();
    CheckWhoReachesUs();
    CheckUnixIdentities();
  }

 private:
  const EffectiveValue& Value(absl::string_view name) const {
    return *std::find_if(configuration_.values.begin(), configuration_.values.end(),
                         [&](const EffectiveValue& value) { return value.name == name; });
  }
  bool Given(absl::string_view name) const { return !Value(name).texts.empty(); }
  std::string Subject(absl::string_view name) const { return app::Subject(Value(name)); }
  template <typename... Parts>
  void Problem(const Parts&... parts) {
    configuration_.problems.push_back(absl::StrCat(parts...));
  }

  template <typename... Parts>
  void Warning(const Parts&... parts) {
    configuration_.warnings.push_back(absl::StrCat(parts...));
  }

  // The file and the variable are two forms of one setting: the same order of precedence decides.
  void CheckKey() {
    Settings& settings = configuration_.settings;
    const bool has_file = Given("amplitude-key-file");
    const bool has_variable = Given("amplitude-management-key");
    if (settings.credentials == Credentials::kCaller) {
      const absl::string_view key = has_file ? "amplitude-key-file" : "AMPLITUDE_MANAGEMENT_KEY";
      if (has_file || has_variable) {
        Problem(Subject("credentials"), " and a management key (", key,
                ") exclude each other: with the callers' keys the service has none of its own; "
                "give one of them");
      }
      return;
    }
    if (has_file && has_variable) {
      const OriginKind file_from = Value("amplitude-key-file").origin.kind;
      if (file_from == OriginKind::kEnvironment) {
        Problem(Subject("amplitude-key-file"),
                " and the environment variable AMPLITUDE_MANAGEMENT_KEY are both set; unset one");
      } else if (file_from == OriginKind::kFlag) {
        settings.amplitude_management_key.clear();
      } else {
        settings.amplitude_key_file.clear();
      }
    }
    if (!has_file && !has_variable && !settings.sandbox) {
      Problem(
          "there is no management key: give --amplitude-key-file PATH or set the environment "
          "variable AMPLITUDE_MANAGEMENT_KEY, or --credentials caller to use each caller's; to try "
          "the service without a key, give --sandbox");
    }
  }

  void CheckPolicy() {
    const std::string& path = configuration_.settings.authz_policy;
    if (path.empty()) return;
    const auto text = sources_.read_file(path);
    if (!text.ok()) {
      Problem(Subject("authz-policy"), ": ", std::string(text.status().message()),
              "; give a readable TOML file");
      return;
    }
    const authz::ParsedPolicy parsed = authz::ParsePolicy(*text, path);
    Append(configuration_.problems, parsed.problems);
    Append(configuration_.warnings, parsed.warnings);
  }

  void CheckSandbox() {
    const Settings& settings = configuration_.settings;
    if (settings.sandbox && Given("amplitude-url")) {
      Problem("sandbox = \"true\" (", Value("sandbox").origin.where, ") and ",
              Subject("amplitude-url"), " exclude each other; give one of them");
    }
    if (!settings.sandbox && Given("sandbox-state")) {
      Problem(Subject("sandbox-state"), " has no effect without --sandbox; give both or neither");
    }
  }

  void CheckFiles() {
    const Settings& settings = configuration_.settings;
    if (settings.sandbox) return;  // uses neither
    if (!settings.amplitude_key_file.empty()) {
      const auto text = sources_.read_file(settings.amplitude_key_file);
      const absl::Status status = text.ok() ? ParseManagementKey(*text).status() : text.status();
      if (!status.ok()) {
        Problem(Subject("amplitude-key-file"), ": ", std::string(status.message()),
                text.ok() ? "" : "; give a readable file with nothing but the key");
      }
    }
    if (!settings.amplitude_ca_file.empty()) {
      const auto text = sources_.read_file(settings.amplitude_ca_file);
      if (!text.ok()) {
        Problem(Subject("amplitude-ca-file"), ": ", std::string(text.status().message()),
                "; give a readable PEM file");
      } else if (!absl::StrContains(*text, "-----BEGIN CERTIFICATE-----")) {
        Problem(Subject("amplitude-ca-file"),
                ": has no certificate; give a PEM file with -----BEGIN CERTIFICATE-----");
      }
    }
  }

  void CheckTls() {
    const Settings& settings = configuration_.settings;
    if (settings.tls_cert.empty() != settings.tls_key.empty()) {
      const bool has_certificate = !settings.tls_cert.empty();
      Problem(Subject(has_certificate ? "tls-cert" : "tls-key"), " needs ",
              has_certificate ? "--tls-key" : "--tls-cert", " as well; give both or neither");
      return;
    }
    if (settings.tls_cert.empty()) {
      if (Given("tls-client-ca")) {
        Problem(Subject("tls-client-ca"),
                " has no effect without TLS; give --tls-cert and --tls-key as well");
      }
      CheckPlaintext();
      return;
    }
    const auto loaded =
        TlsFiles::Load({settings.tls_cert, settings.tls_key, settings.tls_client_ca},
                       sources_.read_file, absl::Now());
    for (const TlsFiles::Problem& problem : loaded.problems) {
      Problem(Subject(problem.setting), ": ", problem.what);
    }
  }

  void CheckPlaintext() {
    const Settings& settings = configuration_.settings;
    if (settings.allow_plaintext) return;
    for (const ListenAddress& address : settings.listen) {
      if (address.is_unix() || IsLoopbackHost(address.host)) continue;
      Problem(
          Subject("listen"), ": ", address.ToString(),
          " can be reached from other machines, and nothing would be encrypted; give --tls-cert "
          "and --tls-key, or --allow-plaintext where the network itself is trusted");
    }
  }

  // What is served to other machines otherwise than was probably meant.
  void CheckWhoReachesUs() {
    const Settings& settings = configuration_.settings;
    for (const ListenAddress& address : settings.listen) {
      if (address.is_unix() || IsLoopbackHost(address.host)) continue;
      if (!settings.tls_client_ca.empty() && settings.authz_policy.empty()) {
        Warning(address.ToString(),
                " can be reached from other machines, and without a policy whoever has a "
                "certificate of tls-client-ca may do everything; give --authz-policy");
      }
      if (settings.tls_cert.empty() && settings.credentials == Credentials::kCaller) {
        Warning("all calls by ", address.ToString(),
                " will be refused: the callers' keys are not taken without encryption; give "
                "--tls-cert and --tls-key");
      }
    }
  }

  void CheckUnixIdentities() {
    const Settings& settings = configuration_.settings;
    for (const auto& [path, name] : settings.unix_identities.own) {
      const bool served = std::any_of(
          settings.listen.begin(), settings.listen.end(),
          [&path = path](const ListenAddress& address) { return address.unix_path == path; });
      if (served) continue;
      Problem(Subject("unix-identity"), ": ", path, " is not served; give --listen=unix:", path,
              " as well, or correct the path");
    }
  }

  void CheckStaleness() {
    const Settings& settings = configuration_.settings;
    if (settings.default_max_staleness > settings.max_staleness_limit) {
      Problem(Subject("default-max-staleness"), " is longer than ", Subject("max-staleness-limit"),
              "; lower the one or raise the other");
    }
  }

  const ConfigurationSources& sources_;
  Configuration& configuration_;
};

std::string TomlString(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(HideUser(text), {{"\\", "\\\\"}, {"\"", "\\\""}}),
                      "\"");
}

std::string TomlValue(const Setting& setting, const EffectiveValue& value) {
  switch (setting.kind) {
    case Setting::Kind::kSwitch:
      return value.texts[0];
    case Setting::Kind::kList:
      return absl::StrCat("[",
                          absl::StrJoin(value.texts, ", ",
                                        [](std::string* out, const std::string& text) {
                                          absl::StrAppend(out, TomlString(text));
                                        }),
                          "]");
    case Setting::Kind::kValue:
      break;
  }
  return TomlString(value.texts[0]);
}

}  // namespace

Configuration LoadConfiguration(const ConfigurationSources& sources) {
  Configuration configuration;
  Layers layers = {GivenSettings(), ReadEnvironment(sources.environment),
                   ReadFlags(sources.arguments)};
  const auto& flags = layers[2].values;
  configuration.settings.help = flags.contains("help");
  configuration.settings.version = flags.contains("version");
  if (configuration.settings.help || configuration.settings.version) return configuration;

  ReadConfigurationFile(sources, layers);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    Append(configuration.problems, layer->problems);
    Append(configuration.warnings, layer->warnings);
  }
  bool all_readable = true;
  for (const Setting& setting : SettingTable()) {
    const EffectiveValue& value = configuration.values.emplace_back(Choose(setting, layers));
    if (value.texts.empty() && value.origin.kind == OriginKind::kDefault) continue;
    const absl::Status status = setting.apply(value.texts, configuration.settings);
    if (status.ok()) continue;
    all_readable = false;
    configuration.problems.push_back(
        absl::StrCat(setting.is_secret() ? setting.EnvironmentName() : Subject(value), ": ",
                     std::string(status.message())));
  }
  // What contradicts what can be told only from values that are fine by themselves.
  if (all_readable) Checks(sources, configuration).Run();
  return configuration;
}

std::string DescribeConfiguration(const Configuration& configuration) {
  std::string text;
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    const Setting& setting = SettingTable()[i];
    const EffectiveValue& value = configuration.values[i];
    if (setting.is_secret()) {
      if (!configuration.settings.amplitude_management_key.empty()) {
        absl::StrAppend(&text, "# management key: given by the environment variable ",
                        setting.EnvironmentName(), "\n");
      }
      continue;
    }
    if ((setting.places & Setting::kFile) == 0) continue;
    const bool beaten =
        setting.name == "amplitude-key-file" && configuration.settings.amplitude_key_file.empty();
    if (value.texts.empty() || beaten) {
      absl::StrAppend(&text, "# ", setting.name, " is not set\n");
      continue;
    }
    absl::StrAppend(&text, setting.name, " = ", TomlValue(setting, value), "  # ",
                    value.origin.where, "\n");
  }
  return text;
}

}  // namespace mutexd::app
