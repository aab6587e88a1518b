#include "service/app/setting_sources.h"

#include <toml++/toml.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "service/amplitude/secrets.h"
#include "service/app/setting_table.h"
#include "service/app/setting_values.h"

namespace mutexd::app {
namespace {

constexpr absl::string_view kEnvironmentPrefix = "MUTEXD_";
constexpr absl::string_view kKeyIsNever =
    "the management key is only taken from the file of amplitude-key-file or from the environment "
    "variable AMPLITUDE_MANAGEMENT_KEY";

std::vector<absl::string_view> NamesAllowedIn(Setting::Place place) {
  std::vector<absl::string_view> names;
  for (const Setting& setting : SettingTable()) {
    if ((setting.places & place) != 0) names.push_back(setting.name);
  }
  return names;
}

const Setting* FindSetting(absl::string_view name) {
  const auto& table = SettingTable();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  return found == table.end() ? nullptr : &*found;
}

// "; did you mean X?", or the remedy where nothing is near.
std::string DidYouMean(absl::string_view nearest, absl::string_view before,
                       absl::string_view otherwise) {
  return nearest.empty() ? absl::StrCat("; ", otherwise)
                         : absl::StrCat("; did you mean ", before, nearest, "?");
}

std::string UnknownArgument(absl::string_view argument) {
  if (!absl::StartsWith(argument, "-")) {
    return absl::StrCat("unexpected argument \"", amplitude::RemoveSecrets(argument, ""),
                        "\"; mutexd takes flags only, see --help");
  }
  absl::string_view name = argument.substr(0, argument.find('='));
  while (absl::ConsumePrefix(&name, "-")) {
  }
  const Setting* setting = FindSetting(name);
  if (setting != nullptr && setting->is_secret()) {
    return absl::StrCat("--", name, " is not a flag, as everybody could see it: ", kKeyIsNever);
  }
  return absl::StrCat("unknown flag --", name,
                      DidYouMean(NearestName(name, NamesAllowedIn(Setting::kFlag)), "--",
                                 "see --help for those there are"));
}

// `error` names the flag first: "--region: 1 required missing".
std::string UnreadableFlags(const CLI::ParseError& error) {
  absl::string_view name = error.what();
  name = name.substr(0, name.find(':'));
  const Setting* setting = absl::ConsumePrefix(&name, "--") ? FindSetting(name) : nullptr;
  if (setting == nullptr || setting->kind == Setting::Kind::kSwitch) {
    return absl::StrCat("the flags cannot be read: ", error.what(), "; see --help");
  }
  return absl::StrCat("--", name, " needs a value; write it as --", name, " ", setting->value_name);
}

// Kubernetes' own variables for a service whose name begins with "mutexd".
bool IsMadeByKubernetes(absl::string_view name) {
  return absl::EndsWith(name, "_SERVICE_HOST") || absl::StrContains(name, "_SERVICE_PORT") ||
         absl::EndsWith(name, "_PORT") || absl::StrContains(name, "_PORT_");
}

std::string WarningOfVariable(const std::string& name) {
  std::vector<std::string> names;
  for (const Setting& setting : SettingTable()) {
    if ((setting.places & Setting::kEnvironment) != 0) names.push_back(setting.EnvironmentName());
  }
  const std::vector<absl::string_view> views(names.begin(), names.end());
  return absl::StrCat("the environment variable ", name, " is not a setting and is ignored",
                      DidYouMean(NearestName(name, views), "", "see --help for those there are"));
}

std::string UnknownKey(absl::string_view key, absl::string_view where) {
  const Setting* setting = FindSetting(key);
  if (setting != nullptr && setting->is_secret()) {
    return absl::StrCat(where, ": ", key, " does not stand in the file: ", kKeyIsNever);
  }
  if (setting != nullptr) {
    return absl::StrCat(where, ": ", key, " does not stand in the file; give it as the flag --",
                        key);
  }
  return absl::StrCat(where, ": unknown key \"", key, "\"",
                      DidYouMean(NearestName(key, NamesAllowedIn(Setting::kFile)), "",
                                 "remove it; --help has those there are"));
}

// The fewest digits that mean exactly this number.
std::string ShortestText(double number) {
  char text[32];
  const auto [end, error] = std::to_chars(std::begin(text), std::end(text), number);
  return std::string(std::begin(text), end);
}

// The text that a flag would have for this value; nothing where TOML's kind does not fit.
std::optional<std::string> TextOfScalar(const toml::node& node, Setting::Kind kind) {
  if (kind == Setting::Kind::kSwitch) {
    const auto on = node.value_exact<bool>();
    return on ? std::optional<std::string>(*on ? "true" : "false") : std::nullopt;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return absl::StrCat(*number);
  if (kind == Setting::Kind::kList) return std::nullopt;
  if (const auto number = node.value_exact<double>()) return ShortestText(*number);
  return std::nullopt;
}

std::string Shown(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  return out.str();
}

std::optional<std::vector<std::string>> TextsOfNode(const toml::node& node,
                                                    const Setting& setting) {
  std::vector<std::string> texts;
  const toml::array* elements = node.as_array();
  if (setting.kind != Setting::Kind::kList || elements == nullptr) {
    auto text = TextOfScalar(node, setting.kind);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
    return texts;
  }
  for (const toml::node& element : *elements) {
    auto text = TextOfScalar(element, Setting::Kind::kList);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  return texts;
}

absl::string_view HowToWriteInFile(const Setting& setting) {
  switch (setting.kind) {
    case Setting::Kind::kSwitch:
      return "write true or false without quotes";
    case Setting::Kind::kList:
      return "write an array of strings";
    case Setting::Kind::kValue:
      break;
  }
  return "write a string in quotes";
}

}  // namespace

GivenSettings ReadFlags(const std::vector<std::string>& arguments) {
  GivenSettings given;
  CLI::App parser;
  parser.set_help_flag();  // --help is a setting like the others
  parser.allow_extras();
  std::map<absl::string_view, CLI::Option*> options;
  for (const Setting& setting : SettingTable()) {
    if ((setting.places & Setting::kFlag) == 0) continue;
    const std::string flag = absl::StrCat("--", setting.name);
    CLI::Option* option = setting.kind == Setting::Kind::kSwitch
                              ? parser.add_flag(flag)
                              : parser.add_option(flag)->expected(1)->allow_extra_args(false);
    options[setting.name] = option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  try {
    parser.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    given.problems.push_back(UnreadableFlags(error));
    return given;
  }
  for (const std::string& argument : parser.remaining()) {
    given.problems.push_back(UnknownArgument(argument));
  }
  for (const Setting& setting : SettingTable()) {
    const auto option = options.find(setting.name);
    if (option == options.end() || option->second->count() == 0) continue;
    std::vector<std::string> texts = option->second->results();
    // The last one counts, so that flags can be appended to a command that has some.
    if (setting.kind != Setting::Kind::kList) texts = {texts.back()};
    given.values[setting.name] = {std::move(texts),
                                  {OriginKind::kFlag, absl::StrCat("flag --", setting.name)}};
  }
  return given;
}

GivenSettings ReadEnvironment(const std::map<std::string, std::string>& environment) {
  GivenSettings given;
  std::map<std::string, const Setting*> known;
  for (const Setting& setting : SettingTable()) {
    if ((setting.places & Setting::kEnvironment) != 0) known[setting.EnvironmentName()] = &setting;
  }
  for (const auto& [name, value] : environment) {
    const auto found = known.find(name);
    if (found == known.end()) {
      if (absl::StartsWith(name, kEnvironmentPrefix) && !IsMadeByKubernetes(name)) {
        given.warnings.push_back(WarningOfVariable(name));
      }
      continue;
    }
    GivenValue given_value;
    given_value.origin = {OriginKind::kEnvironment, absl::StrCat("environment variable ", name)};
    if (found->second->kind == Setting::Kind::kList) {
      for (const absl::string_view part : absl::StrSplit(value, ',', absl::SkipWhitespace())) {
        given_value.texts.emplace_back(absl::StripAsciiWhitespace(part));
      }
    } else {
      given_value.texts = {value};
    }
    given.values[found->second->name] = std::move(given_value);
  }
  return given;
}

GivenSettings ReadFile(absl::string_view text, absl::string_view path) {
  GivenSettings given;
  toml::table table;
  try {
    table = toml::parse(std::string_view(text.data(), text.size()));
  } catch (const toml::parse_error& error) {
    given.problems.push_back(absl::StrCat(path, ":", error.source().begin.line, ": is not TOML: ",
                                          std::string(error.description()), "; mend that line"));
    return given;
  }
  for (const auto& [key, node] : table) {
    const absl::string_view name(key.str().data(), key.str().size());
    const std::string where = absl::StrCat(path, ":", key.source().begin.line);
    const Setting* setting = FindSetting(name);
    if (setting == nullptr || (setting->places & Setting::kFile) == 0) {
      given.problems.push_back(UnknownKey(name, where));
      continue;
    }
    auto texts = TextsOfNode(node, *setting);
    if (!texts) {
      given.problems.push_back(absl::StrCat(where, ": ", name, " = ", Shown(node),
                                            " is of the wrong kind; ", HowToWriteInFile(*setting)));
      continue;
    }
    given.values[setting->name] = {*std::move(texts), {OriginKind::kFile, where}};
  }
  return given;
}

}  // namespace mutexd::app
