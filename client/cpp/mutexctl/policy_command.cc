#include <google/protobuf/struct.pb.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/document.h"
#include "client/cpp/mutexctl/options.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "client/cpp/mutexctl/text_table.h"
#include "service/authz/policy_text.h"

namespace mutexgroups::ctl {
namespace {

namespace authz = mutexd::authz;

constexpr int kDeniedExitCode = 1;

struct PolicyFlags {
  std::string file;
  std::vector<std::string> principals;
  std::string rpc;
  std::optional<std::string> group_key;
  std::string project;
};

// The names of one caller, and the views of them that a policy asks.
struct Caller {
  std::string spiffe_id;
  std::vector<std::string> dns_names;
  std::string subject;
  std::string listener;

  authz::Principal principal() const { return {spiffe_id, dns_names, subject, listener}; }
};

// What a policy says of one RPC.
struct Verdict {
  const authz::Rpc* rpc = nullptr;
  authz::Cover allowed = authz::Cover::kNo;  // kUnsaid: for some groups
  const authz::Rule* rule = nullptr;         // that decides; null where it is denied
  std::string why;                           // it is denied, or for which groups it is allowed
};

std::optional<std::string> ReadAll(Session& session, const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(session.in), {});
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The caller that is known under all these names; the error names the one that is wrong.
absl::StatusOr<Caller> CallerOf(const std::vector<std::string>& texts) {
  using Kind = authz::PrincipalName::Kind;
  Caller caller;
  for (const std::string& text : texts) {
    auto name = authz::ParsePrincipalName(text);
    if (!name.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--principal \"", text, "\" ", std::string(name.status().message())));
    }
    if (name->kind == Kind::kSpiffe) caller.spiffe_id = std::move(name->text);
    if (name->kind == Kind::kDns) caller.dns_names.push_back(std::move(name->text));
    if (name->kind == Kind::kSubject) caller.subject = std::move(name->text);
    if (name->kind == Kind::kListener) caller.listener = std::move(name->text);
    if (name->kind == Kind::kAnonymous && texts.size() > 1) {
      return absl::InvalidArgumentError("a caller with a name is not anonymous; give one of them");
    }
  }
  return caller;
}

Verdict Judge(const authz::Policy& policy, const authz::Principal& caller, const authz::Rpc& rpc,
              const authz::GroupFacts& group) {
  const authz::Grant grant = policy.GrantOf(caller, rpc);
  if (grant.unlimited != nullptr) return {&rpc, authz::Cover::kYes, grant.unlimited, ""};
  Verdict verdict{.rpc = &rpc};
  std::vector<std::string> limits;
  for (const authz::Rule* rule : grant.limited) {
    const authz::Cover cover = rule->Covers(group);
    if (cover == authz::Cover::kYes) return {&rpc, cover, rule, ""};
    if (cover == authz::Cover::kNo) continue;
    if (verdict.rule == nullptr) verdict.rule = rule;
    verdict.allowed = cover;
    limits.push_back(rule->Limits());
  }
  if (verdict.allowed == authz::Cover::kUnsaid) {
    verdict.why = absl::StrJoin(limits, ", or ");
  } else if (!grant.limited.empty()) {
    verdict.why = "no rule covers the group";
  } else if (!policy.Knows(caller)) {
    verdict.why = "no rule names the caller";
  } else {
    verdict.why = absl::StrCat("no rule gives it ", std::string(authz::KindOf(rpc)));
  }
  return verdict;
}

const char* Word(authz::Cover allowed) {
  switch (allowed) {
    case authz::Cover::kYes:
      return "yes";
    case authz::Cover::kUnsaid:
      return "some";
    case authz::Cover::kNo:
      break;
  }
  return "no";
}

google::protobuf::Struct DocumentOf(const std::vector<Verdict>& verdicts) {
  google::protobuf::Struct document;
  auto& list = *(*document.mutable_fields())["rpcs"].mutable_list_value();
  for (const Verdict& verdict : verdicts) {
    auto& fields = *list.add_values()->mutable_struct_value()->mutable_fields();
    fields["rpc"].set_string_value(std::string(verdict.rpc->name));
    fields["allowed"].set_string_value(Word(verdict.allowed));
    if (verdict.rule != nullptr) fields["rule"].set_string_value(verdict.rule->name);
    if (!verdict.why.empty()) {
      const bool denied = verdict.allowed == authz::Cover::kNo;
      fields[denied ? "reason" : "limits"].set_string_value(verdict.why);
    }
  }
  return document;
}

void ShowTable(Session& session, const std::vector<Verdict>& verdicts) {
  TextTable table({{"RPC"}, {"ALLOWED"}, {"BY RULE"}, {"WHY, OR FOR WHAT"}});
  for (const Verdict& verdict : verdicts) {
    const std::string rule = verdict.rule == nullptr ? "-" : Escaped(verdict.rule->name);
    table.AddRow({std::string(verdict.rpc->name), Word(verdict.allowed), rule,
                  verdict.why.empty() ? "every group" : Escaped(verdict.why)});
  }
  session.out << table.Text();
}

void Show(Session& session, const std::vector<Verdict>& verdicts) {
  switch (session.output) {
    case OutputFormat::kTable:
      ShowTable(session, verdicts);
      break;
    case OutputFormat::kJson:
      session.out << ToJson(DocumentOf(verdicts));
      break;
    case OutputFormat::kYaml:
      session.out << ToYaml(DocumentOf(verdicts));
      break;
  }
}

int Check(Session& session, const PolicyFlags& flags) {
  const auto text = ReadAll(session, flags.file);
  if (!text) return UsageError(session, absl::StrCat(flags.file, " cannot be read"));
  const authz::ParsedPolicy parsed = authz::ParsePolicy(*text, flags.file);
  for (const std::string& warning : parsed.warnings) {
    session.err << "warning: " << Escaped(warning) << "\n";
  }
  if (!parsed.problems.empty()) {
    return UsageError(session, absl::StrJoin(parsed.problems, "\n       "));
  }
  const auto caller = CallerOf(flags.principals);
  if (!caller.ok()) return UsageError(session, std::string(caller.status().message()));

  authz::GroupFacts group;
  if (flags.group_key) group.key = *flags.group_key;
  if (!flags.project.empty()) group.project_id = IdOf(flags.project);
  std::vector<Verdict> verdicts;
  int exit_code = kDeniedExitCode;
  for (const authz::Rpc& rpc : authz::Rpcs()) {
    if (!flags.rpc.empty() && rpc.name != flags.rpc) continue;
    verdicts.push_back(Judge(parsed.policy, caller->principal(), rpc, group));
    if (verdicts.back().allowed != authz::Cover::kNo) exit_code = 0;
  }
  Show(session, verdicts);
  return exit_code;
}

std::vector<std::string> RpcNames() {
  std::vector<std::string> names;
  for (const authz::Rpc& rpc : authz::Rpcs()) names.emplace_back(rpc.name);
  return names;
}

}  // namespace

void AddPolicyCommands(CLI::App& root, Session& session) {
  auto& policy = *root.add_subcommand("policy", "Explain authorization policies of mutexd");
  policy.require_subcommand(1);
  auto flags = std::make_shared<PolicyFlags>();
  auto& command = *policy.add_subcommand(
      "check", "Show what a caller may do, and by which rule; calls no service");
  command.add_option("-f,--file", flags->file, "The policy; - is standard input")
      ->type_name("FILE")
      ->required();
  command
      .add_option(
          "--principal", flags->principals,
          "The caller: spiffe://…, dns:…, subject:…, listener:… or anonymous; once for each "
          "of its names")
      ->type_name("NAME")
      ->required()
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--rpc", flags->rpc, "Only this RPC")
      ->type_name("RPC")
      ->check(CLI::IsMember(RpcNames()));
  command.add_option("--group-key", flags->group_key, "For a group with this key")
      ->type_name("KEY");
  command.add_option("--project", flags->project, "For a group of this project")
      ->type_name("ID")
      ->check(IsId());
  command.callback(
      [&session, flags] { session.action = [&session, flags] { return Check(session, *flags); }; });
}

}  // namespace mutexgroups::ctl
