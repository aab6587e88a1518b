#include "client/cpp/mutexctl/command_line.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/options.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "client/cpp/mutexctl/suggestion.h"

namespace mutexgroups::ctl {
namespace {

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0    done (for health: serving)\n"
    "  1    for policy check: denied\n"
    "  2    the command line or an input file is wrong; nothing was sent\n"
    "  64+N the call failed with gRPC status code N, such as 67 INVALID_ARGUMENT, 69 NOT_FOUND,\n"
    "       74 ABORTED, 78 UNAVAILABLE; 65 also when a question was answered with no\n"
    "\n"
    "The server is found in --server, else in MUTEXCTL_SERVER, else in MUTEXGROUPS_SERVER; what\n"
    "is not said of TLS is found in MUTEXGROUPS_TLS, MUTEXGROUPS_TLS_CA_FILE and so on.\n";

constexpr char kCommandFooter[] =
    "Every command also takes --server, --timeout, --output and the options of TLS; see mutexctl "
    "--help.\n";

void AddConnectionOptions(CLI::App& app, Session& session) {
  const auto file = [&app](const char* name, std::string& value, const char* description) {
    app.add_option(name, value, description)->type_name("FILE");
  };
  app.add_option("--tls", session.client.tls,
                 "Whether to use TLS; on where one of the files below is given")
      ->type_name("MODE")
      ->check(CLI::IsMember({"on", "off"}));
  file("--tls-ca-file", session.client.tls_ca_file,
       "Root certificates in PEM, in place of the system's");
  file("--tls-cert-file", session.client.tls_cert_file,
       "Your certificate in PEM, for mutual TLS; takes --tls-key-file too");
  file("--tls-key-file", session.client.tls_key_file, "The certificate's key in PEM");
  app.add_option("--tls-server-name", session.client.tls_server_name,
                 "The name that the server's certificate must have, where it is not the address's")
      ->type_name("NAME");
  file("--amplitude-key-file", session.amplitude_key_file,
       "File with your own management key, for a service with --credentials caller");
}

void AddGlobalOptions(CLI::App& app, Session& session) {
  app.add_option("--server", session.client.server,
                 "Address of mutexd: host:port, [::1]:50051 or unix:/run/mutexd.sock")
      ->type_name("ADDR")
      ->envname("MUTEXCTL_SERVER")
      ->capture_default_str();
  AddConnectionOptions(app, session);
  app.add_option_function<std::string>(
         "--timeout",
         [&session](const std::string& value) { session.client.timeout = DurationOf(value); },
         "How long each call may take, such as 500ms, 10s or 2m")
      ->type_name("DURATION")
      ->default_str("30s")
      ->check(IsDuration(/*zero_allowed=*/false));
  app.add_option_function<std::string>(
         "-o,--output",
         [&session](const std::string& value) {
           session.output = value == "json"   ? OutputFormat::kJson
                            : value == "yaml" ? OutputFormat::kYaml
                                              : OutputFormat::kTable;
         },
         "How to print")
      ->type_name("FORMAT")
      ->default_str("table")
      ->check(CLI::IsMember({"table", "json", "yaml"}));
}

// The command that the parsing got to, for the hint on its help.
std::string CommandPath(const CLI::App& app) {
  std::string path = app.get_name();
  for (const auto* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    absl::StrAppend(&path, " ", command->get_name());
  }
  return path;
}

// What is wrong with the command line, in a sentence.
std::string Mistake(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining();
  if (!app.get_subcommands().empty() || unknown.empty()) return error.what();
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  const auto suggestion = Suggestion(unknown.front(), names);
  return absl::StrCat("unknown command \"", unknown.front(), "\"",
                      suggestion.empty() ? "" : absl::StrCat("; did you mean `", suggestion, "`?"));
}

}  // namespace

std::unique_ptr<CLI::App> MakeCommandLine(Session& session) {
  auto app = std::make_unique<CLI::App>(
      "Manages the mutual-exclusion groups of Amplitude Experiment through mutexd", "mutexctl");
  app->set_version_flag("--version", absl::StrCat("mutexctl ", MUTEXCTL_VERSION),
                        "Print the version and exit");
  app->get_formatter()->column_width(36);
  // Commands inherit this: the global options may stand behind a command too.
  app->fallthrough();
  app->require_subcommand(1);
  AddGlobalOptions(*app, session);
  app->footer(kCommandFooter);
  AddReadCommands(*app, session);
  AddCreateCommand(*app, session);
  AddUpdateCommand(*app, session);
  AddSlotCommands(*app, session);
  AddArchiveCommands(*app, session);
  AddPolicyCommands(*app, session);
  AddAuditCommands(*app, session);
  AddHealthCommand(*app, session);
  AddCompletionCommand(*app, session);
  app->footer(kFooter);
  return app;
}

int RunCommandLine(Session& session, int argc, const char* const* argv) {
  const auto app = MakeCommandLine(session);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app->exit(error, session.out, session.err);
    session.err << "error: " << Escaped(Mistake(*app, error)) << "\nSee " << CommandPath(*app)
                << " --help.\n";
    return kUsageExitCode;
  }
  return session.action();
}

}  // namespace mutexgroups::ctl
