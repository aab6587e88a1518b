#include "client/cpp/mutexctl/completion.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cpp/mutexctl/commands.h"

namespace mutexgroups::ctl {
namespace {

// What a shell offers for an option's value.
struct Value {
  bool is_taken = false;
  bool is_file = false;
  std::vector<std::string> choices;
};

struct Flag {
  std::vector<std::string> short_names;  // without the dash
  std::vector<std::string> long_names;   // without the dashes
  std::string description;
  Value value;

  // All names as they are typed.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& name : short_names) names.push_back("-" + name);
    for (const auto& name : long_names) names.push_back("--" + name);
    return names;
  }
};

struct Command {
  std::vector<std::string> path;  // {"slot", "add"}; empty for mutexctl itself
  std::string description;
  std::vector<Flag> flags;
  std::vector<std::string> words;  // what a positional argument can be, where that is known
  std::vector<Command> commands;

  std::string PathText() const { return absl::StrJoin(path, " "); }
};

Value ValueOf(const CLI::Option& option) {
  Value value;
  value.is_taken = option.get_items_expected_max() > 0;
  const auto type = option.get_type_name();  // "FORMAT:{table,json,yaml}"
  value.is_file = type == "FILE";
  const auto open = type.find('{');
  if (open != std::string::npos) {
    value.choices = absl::StrSplit(type.substr(open + 1, type.find('}') - open - 1), ',');
  }
  return value;
}

Command CommandOf(const CLI::App& app, std::vector<std::string> path) {
  Command command{.path = std::move(path), .description = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      command.flags.push_back({option->get_snames(), option->get_lnames(),
                               option->get_description(), ValueOf(*option)});
    } else {
      const auto choices = ValueOf(*option).choices;
      command.words.insert(command.words.end(), choices.begin(), choices.end());
    }
  }
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    auto child_path = command.path;
    child_path.push_back(child->get_name());
    command.commands.push_back(CommandOf(*child, std::move(child_path)));
  }
  return command;
}

// The command and all below it.
void Flatten(const Command& command, std::vector<const Command*>& all) {
  all.push_back(&command);
  for (const auto& child : command.commands) Flatten(child, all);
}

std::vector<const Command*> AllCommands(const Command& root) {
  std::vector<const Command*> all;
  Flatten(root, all);
  return all;
}

// Whether the option works behind every command, and not just in the first place.
bool IsGlobal(const Flag& flag) {
  return flag.long_names != std::vector<std::string>{"version"} &&
         flag.long_names != std::vector<std::string>{"help"};
}

// The flags that a command takes, the global ones included.
std::vector<Flag> FlagsOf(const Command& root, const Command& command) {
  auto flags = command.flags;
  if (&command == &root) return flags;
  for (const auto& flag : root.flags) {
    if (IsGlobal(flag)) flags.push_back(flag);
  }
  return flags;
}

std::string InSingleQuotes(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// Patterns of a `case` that recognizes a command by the path so far and the next word.
std::string TransitionPatterns(const Command& root) {
  std::vector<std::string> patterns;
  for (const auto* command : AllCommands(root)) {
    if (command->path.empty()) continue;
    const std::vector<std::string> parent(command->path.begin(), command->path.end() - 1);
    patterns.push_back(
        InSingleQuotes(absl::StrCat(absl::StrJoin(parent, " "), ":", command->path.back())));
  }
  return absl::StrJoin(patterns, " | ");
}

// The options whose value is one of a few, a file, or anything, each as patterns of a `case`.
struct ValuePatterns {
  std::map<std::string, std::string> patterns_of_choices;  // "table json yaml" to "-o | --output"
  std::string files;
  std::string others;
};

ValuePatterns ValuePatternsOf(const Command& root) {
  std::map<std::string, std::set<std::string>> choices;
  std::set<std::string> files;
  std::set<std::string> others;
  for (const auto* command : AllCommands(root)) {
    for (const auto& flag : command->flags) {
      if (!flag.value.is_taken) continue;
      const auto names = flag.Names();
      auto& patterns = flag.value.is_file ? files
                       : flag.value.choices.empty()
                           ? others
                           : choices[absl::StrJoin(flag.value.choices, " ")];
      patterns.insert(names.begin(), names.end());
    }
  }
  ValuePatterns result;
  for (const auto& [words, names] : choices) {
    result.patterns_of_choices[words] = absl::StrJoin(names, " | ");
  }
  result.files = absl::StrJoin(files, " | ");
  result.others = absl::StrJoin(others, " | ");
  return result;
}

constexpr char kHeader[] = "# Completion of mutexctl for $0; made by `mutexctl completion $0`.\n";

std::string Header(const char* shell) { return absl::StrReplaceAll(kHeader, {{"$0", shell}}); }

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  const auto root = CommandOf(app, {});
  const auto values = ValuePatternsOf(root);
  std::string script = Header("bash");
  absl::StrAppend(
      &script,
      "_mutexctl() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local command= word words=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
      "    case \"$command:$word\" in\n      ",
      TransitionPatterns(root),
      ") command=\"${command:+$command }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$previous\" in\n");
  for (const auto& [words, patterns] : values.patterns_of_choices) {
    absl::StrAppend(&script, "    ", patterns, ") COMPREPLY=($(compgen -W '", words,
                    "' -- \"$current\")); return ;;\n");
  }
  absl::StrAppend(&script, "    ", values.files,
                  ") compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\")); "
                  "return ;;\n    ",
                  values.others, ") return ;;\n  esac\n  case \"$command\" in\n");
  for (const auto* command : AllCommands(root)) {
    std::vector<std::string> words = command->words;
    for (const auto& child : command->commands) words.push_back(child.path.back());
    for (const auto& flag : FlagsOf(root, *command)) {
      const auto names = flag.Names();
      words.insert(words.end(), names.begin(), names.end());
    }
    absl::StrAppend(&script, "    ", InSingleQuotes(command->PathText()), ") words='",
                    absl::StrJoin(words, " "), "' ;;\n");
  }
  absl::StrAppend(&script,
                  "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                  "}\n"
                  "complete -F _mutexctl mutexctl\n");
  return script;
}

std::string ZshCompletion(const CLI::App& app) {
  const auto root = CommandOf(app, {});
  const auto values = ValuePatternsOf(root);
  std::string script = absl::StrCat("#compdef mutexctl\n", Header("zsh"));
  absl::StrAppend(&script,
                  "_mutexctl() {\n"
                  "  local current_command= word\n"
                  "  local -a subcommands flags\n"
                  "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
                  "    case \"$current_command:$word\" in\n      (",
                  TransitionPatterns(root),
                  ") current_command=\"${current_command:+$current_command }$word\" ;;\n"
                  "    esac\n"
                  "  done\n"
                  "  case \"$words[CURRENT-1]\" in\n");
  for (const auto& [words, patterns] : values.patterns_of_choices) {
    absl::StrAppend(&script, "    (", patterns, ") compadd -- ", words, "; return ;;\n");
  }
  absl::StrAppend(&script, "    (", values.files, ") _files; return ;;\n    (", values.others,
                  ") _message value; return ;;\n  esac\n  case \"$current_command\" in\n");
  for (const auto* command : AllCommands(root)) {
    absl::StrAppend(&script, "    (", InSingleQuotes(command->PathText()), ")\n");
    std::vector<std::string> subcommands;
    for (const auto& word : command->words) subcommands.push_back(InSingleQuotes(word));
    for (const auto& child : command->commands) {
      subcommands.push_back(
          InSingleQuotes(absl::StrCat(child.path.back(), ":", child.description)));
    }
    if (!subcommands.empty()) {
      absl::StrAppend(&script, "      subcommands=(\n        ",
                      absl::StrJoin(subcommands, "\n        "), "\n      )\n");
    }
    std::vector<std::string> flags;
    for (const auto& flag : FlagsOf(root, *command)) {
      for (const auto& name : flag.Names()) {
        flags.push_back(InSingleQuotes(absl::StrCat(name, ":", flag.description)));
      }
    }
    absl::StrAppend(&script, "      flags=(\n        ", absl::StrJoin(flags, "\n        "),
                    "\n      )\n      ;;\n");
  }
  absl::StrAppend(&script,
                  "  esac\n"
                  "  _describe -t commands command subcommands\n"
                  "  _describe -o -t options option flags\n"
                  "}\n"
                  "if [[ \"$funcstack[1]\" == _mutexctl ]]; then _mutexctl \"$@\"; "
                  "else compdef _mutexctl mutexctl; fi\n");
  return script;
}

std::string FishCompletion(const CLI::App& app) {
  const auto root = CommandOf(app, {});
  std::string script = absl::StrCat(Header("fish"), "complete -c mutexctl -f\n");
  for (const auto* command : AllCommands(root)) {
    std::vector<std::string> seen;
    for (const auto& name : command->path) {
      seen.push_back(absl::StrCat("__fish_seen_subcommand_from ", name));
    }
    std::vector<std::string> children = command->words;
    for (const auto& child : command->commands) children.push_back(child.path.back());
    const auto condition_with = [&](std::vector<std::string> conditions) {
      return conditions.empty() ? std::string()
                                : absl::StrCat(" -n '", absl::StrJoin(conditions, "; and "), "'");
    };
    // A word is offered until one of its kind stands there.
    auto not_yet = seen;
    if (!children.empty()) {
      not_yet.push_back(
          absl::StrCat("not __fish_seen_subcommand_from ", absl::StrJoin(children, " ")));
    }
    for (const auto& word : command->words) {
      absl::StrAppend(&script, "complete -c mutexctl", condition_with(not_yet), " -a ", word, "\n");
    }
    for (const auto& child : command->commands) {
      absl::StrAppend(&script, "complete -c mutexctl", condition_with(not_yet), " -a ",
                      child.path.back(), " -d ", InSingleQuotes(child.description), "\n");
    }
    for (const auto& flag : command->flags) {
      absl::StrAppend(&script, "complete -c mutexctl", condition_with(seen));
      for (const auto& name : flag.short_names) absl::StrAppend(&script, " -s ", name);
      for (const auto& name : flag.long_names) absl::StrAppend(&script, " -l ", name);
      if (flag.value.is_file) {
        script += " -r -F";
      } else if (!flag.value.choices.empty()) {
        absl::StrAppend(&script, " -x -a ", InSingleQuotes(absl::StrJoin(flag.value.choices, " ")));
      } else if (flag.value.is_taken) {
        script += " -x";
      }
      absl::StrAppend(&script, " -d ", InSingleQuotes(flag.description), "\n");
    }
  }
  return script;
}

void AddCompletionCommand(CLI::App& root, Session& session) {
  auto shell = std::make_shared<std::string>();
  auto& command = *root.add_subcommand("completion", "Print the completion script of a shell");
  command.add_option("shell", *shell, "The shell")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.callback([&root, &session, shell] {
    session.action = [&root, &session, shell] {
      session.out << (*shell == "bash"  ? BashCompletion(root)
                      : *shell == "zsh" ? ZshCompletion(root)
                                        : FishCompletion(root));
      return 0;
    };
  });
}

}  // namespace mutexgroups::ctl
