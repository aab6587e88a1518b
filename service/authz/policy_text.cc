#include "service/authz/policy_text.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::authz {
namespace {

constexpr absl::string_view kKeysOfARule = "name, principals, allow, group_keys and project_ids";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

class Reader {
 public:
  explicit Reader(absl::string_view path) : path_(path) {}

  ParsedPolicy Read(absl::string_view text) {
    toml::table table;
    try {
      table = toml::parse(std::string_view(text.data(), text.size()));
    } catch (const toml::parse_error& error) {
      Problem(error.source(), "is not TOML: ", View(error.description()), "; mend that line");
      return std::move(parsed_);
    }
    for (const auto& [key, node] : table) {
      if (key.str() == "rule") {
        ReadRules(node);
      } else {
        Problem(key.source(), "unknown key \"", View(key.str()),
                "\"; a policy has nothing but rules: begin each with [[rule]]");
      }
    }
    if (rules_.empty() && parsed_.problems.empty()) {
      parsed_.warnings.push_back(
          absl::StrCat(path_, ": has no rules, so that nobody may do anything"));
    }
    parsed_.policy = Policy(std::move(rules_));
    return std::move(parsed_);
  }

 private:
  template <typename... Parts>
  void Problem(const toml::source_region& where, const Parts&... parts) {
    parsed_.problems.push_back(absl::StrCat(path_, ":", where.begin.line, ": ", parts...));
  }

  void ReadRules(const toml::node& node) {
    const toml::array* rules = node.as_array();
    if (rules == nullptr || !rules->is_array_of_tables()) {
      Problem(node.source(), "rule is not a list of rules; begin each with [[rule]]");
      return;
    }
    for (const toml::node& rule : *rules) ReadRule(*rule.as_table());
  }

  void ReadRule(const toml::table& table) {
    const std::size_t problems_before = parsed_.problems.size();
    Rule rule;
    rule.line = static_cast<int>(table.source().begin.line);
    const toml::node* keys = nullptr;
    const toml::node* projects = nullptr;
    for (const auto& [key, node] : table) {
      const absl::string_view name = View(key.str());
      if (name == "name") {
        ReadName(node, rule);
      } else if (name == "principals") {
        ReadPrincipals(node, rule);
      } else if (name == "allow") {
        ReadAllow(node, rule);
      } else if (name == "group_keys") {
        keys = &node;
        ReadGroupKeys(node, rule);
      } else if (name == "project_ids") {
        projects = &node;
        ReadProjectIds(node, rule);
      } else {
        Problem(key.source(), "unknown key \"", name, "\"; a rule has ", kKeysOfARule);
      }
    }
    for (const char* needed : {"name", "principals", "allow"}) {
      if (!table.contains(needed)) {
        Problem(table.source(), "the rule has no ", needed, "; a rule needs name, principals and ",
                "allow");
      }
    }
    const bool writes = std::any_of(rule.rpcs.begin(), rule.rpcs.end(),
                                    [](const Rpc* rpc) { return rpc->is_write; });
    const toml::node* limit = keys != nullptr ? keys : projects;
    if (parsed_.problems.size() > problems_before) return;
    if (limit != nullptr && !writes) {
      Problem(
          limit->source(), keys != nullptr ? "group_keys" : "project_ids",
          " limits what writes may touch, and the rule allows no write; reads cannot be limited "
          "to groups: remove it");
      return;
    }
    rules_.push_back(std::move(rule));
  }

  void ReadName(const toml::node& node, Rule& rule) {
    const auto name = node.value_exact<std::string>();
    if (!name || name->empty()) {
      Problem(node.source(), "name is not a text; write a name for people in quotes");
      return;
    }
    const auto same = std::find_if(rules_.begin(), rules_.end(),
                                   [&](const Rule& other) { return other.name == *name; });
    if (same != rules_.end()) {
      Problem(node.source(), "the rule of line ", same->line, " has the name \"", *name,
              "\" too; give each rule a name of its own");
      return;
    }
    rule.name = *name;
  }

  // The texts of a list that must not be empty, each with where it stands.
  std::vector<std::pair<std::string, toml::source_region>> Texts(absl::string_view name,
                                                                 const toml::node& node) {
    std::vector<std::pair<std::string, toml::source_region>> texts;
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
      Problem(node.source(), name, " is not a list of texts; write at least one, as ", name,
              " = [\"…\"]");
      return texts;
    }
    for (const toml::node& element : *list) {
      const auto text = element.value_exact<std::string>();
      if (!text || text->empty()) {
        Problem(element.source(), name, " holds what is not a text; write each in quotes");
        continue;
      }
      texts.emplace_back(*text, element.source());
    }
    return texts;
  }

  void ReadPrincipals(const toml::node& node, Rule& rule) {
    for (const auto& [text, where] : Texts("principals", node)) {
      auto pattern = ParsePrincipalPattern(text);
      if (!pattern.ok()) {
        Problem(where, "the principal \"", text, "\" ", pattern.status().message());
        continue;
      }
      rule.principals.push_back(*std::move(pattern));
    }
  }

  void ReadAllow(const toml::node& node, Rule& rule) {
    std::vector<std::string> words;
    for (const auto& [text, where] : Texts("allow", node)) {
      if (text != "read" && text != "write" && FindRpc(text) == nullptr) {
        Problem(where, "there is nothing called \"", text,
                "\" to allow; write read, write or the name of an RPC such as ListMutexGroups");
        continue;
      }
      words.push_back(text);
    }
    for (const Rpc& rpc : Rpcs()) {
      const bool given = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word == KindOf(rpc) || word == rpc.name;
      });
      if (given) rule.rpcs.push_back(&rpc);
    }
  }

  void ReadGroupKeys(const toml::node& node, Rule& rule) {
    for (auto& [text, where] : Texts("group_keys", node)) rule.group_keys.push_back(text);
  }

  void ReadProjectIds(const toml::node& node, Rule& rule) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
      Problem(node.source(),
              "project_ids is not a list of numbers; write at least one, as project_ids = [5678]");
      return;
    }
    for (const toml::node& element : *list) {
      const auto id = element.value_exact<std::int64_t>();
      if (!id || *id <= 0) {
        Problem(element.source(),
                "project_ids holds what is not a positive number; write "
                "Amplitude's project ids without quotes");
        continue;
      }
      rule.project_ids.push_back(*id);
    }
  }

  const absl::string_view path_;
  std::vector<Rule> rules_;
  ParsedPolicy parsed_;
};

}  // namespace

ParsedPolicy ParsePolicy(absl::string_view text, absl::string_view path) {
  return Reader(path).Read(text);
}

}  // namespace mutexd::authz
