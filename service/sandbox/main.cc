// mutexd-sandbox: the emulator as a program of its own.

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/sandbox/sandbox.h"

namespace mutexd::sandbox {
namespace {

constexpr int kExitCannotStart = 1;
constexpr int kExitUsage = 2;

constexpr char kDescription[] =
    "Emulates Amplitude's five mutex-group endpoints (/api/1/mutexes) on a local port: documented\n"
    "validation, limits, keys and status codes, with a handful of sample groups to begin with.\n"
    "Prints \"listening on URL\" on standard output when it is ready; ends on SIGTERM or SIGINT.";

constexpr char kFooter[] =
    "Example:\n"
    "  mutexd-sandbox --listen 127.0.0.1:8088 &\n"
    "  curl -H 'Authorization: Bearer ampex_sandbox' http://127.0.0.1:8088/api/1/mutexes\n"
    "\n"
    "Durations: 500ms, 10s, 5m. Exit codes: 0 ended by a signal, 1 cannot start, 2 usage.";

// "127.0.0.1:8088" or "[::1]:0".
bool SplitAddress(absl::string_view address, SandboxOptions& options) {
  const std::size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != absl::string_view::npos) {
    return false;
  }
  options.host = std::string(host);
  return !host.empty() && absl::SimpleAtoi(address.substr(colon + 1), &options.port);
}

// Adds an option whose value is a duration.
void AddDuration(CLI::App& app, const std::string& name, absl::Duration& duration,
                 const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&duration, name](const std::string& text) {
           if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
               duration == absl::InfiniteDuration()) {
             throw CLI::ValidationError(
                 name, absl::StrCat("\"", text, "\" is not a duration such as 500ms or 10s"));
           }
         },
         description)
      ->type_name("DURATION");
}

// Waits for SIGTERM or SIGINT, which every thread has blocked.
void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

int Run(int argc, char** argv) {
  SandboxOptions options;
  CLI::App app(kDescription, "mutexd-sandbox");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("mutexd-sandbox " MUTEXD_VERSION));

  std::string listen = "127.0.0.1:8088";
  app.add_option("--listen", listen, "Where to listen; port 0 picks a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_flag("--allow-remote", options.allow_remote,
               "Permit --listen on other than loopback addresses; there is no protection");

  app.add_flag_callback(
         "--empty", [&] { options.sample_groups = false; }, "Begin without the sample groups")
      ->group("Groups");
  app.add_option("--groups", options.generated_groups,
                 "Begin with so many generated groups of all sizes, besides the samples; always "
                 "the same ones")
      ->type_name("N")
      ->check(CLI::Range(0, kMaxGeneratedGroups))
      ->group("Groups");
  app.add_option("--state", options.state_file,
                 "Keep the groups in this JSON file; what it holds replaces --empty and --groups")
      ->type_name("FILE")
      ->group("Groups");
  app.add_option("--taken-key", options.taken_keys,
                 "A key that a flag, an experiment or a holdout group has; repeatable")
      ->type_name("KEY")
      ->allow_extra_args(false)
      ->group("Groups");

  app.add_option_function<std::vector<std::string>>(
         "--key",
         [&](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const absl::StatusOr<AccessKey> key = ParseAccessKey(text);
             if (!key.ok()) {
               throw CLI::ValidationError("--key", std::string(key.status().message()));
             }
             options.keys.push_back(*key);
           }
         },
         "A management key and its state: valid (the default), revoked (401) or other-project "
         "(403); repeatable. Without any, all that begin with ampex_ are valid")
      ->type_name("KEY[=STATE]")
      ->allow_extra_args(false)
      ->group("Keys and limits");
  app.add_option("--quota-per-second", options.quota.per_second,
                 "Requests per second and key; 0 is no limit")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group("Keys and limits");
  app.add_option("--quota-per-day", options.quota.per_day,
                 "Requests per day (UTC) and key; 0 is no limit")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group("Keys and limits");

  app.add_option("--slot-index-base", options.slot_index_base,
                 "What the path calls a group's first slot, 0 or 1")
      ->type_name("0|1")
      ->check(CLI::IsMember({0, 1}))
      ->capture_default_str()
      ->group("Where Amplitude is not documented");
  app.add_flag("--hide-archived", options.hide_archived,
               "Leave archived groups out of lists and answer 404 for them; they are shown with "
               "\"deleted\": true otherwise")
      ->group("Where Amplitude is not documented");
  AddDuration(app, "--write-visibility-lag", options.write_visibility_lag,
              "How old a write must be to be seen by reads (0s)");

  AddDuration(app, "--latency", options.faults.latency, "Wait before every reply (0s)");
  app.add_option("--fail-rate", options.faults.fail_rate,
                 "The share of requests, 0 to 1, that are answered 503 without effect, evenly "
                 "spread")
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group("Difficulties");
  app.get_option("--write-visibility-lag")->group("Where Amplitude is not documented");
  app.get_option("--latency")->group("Difficulties");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (!SplitAddress(listen, options)) {
    std::cerr << "--listen: \"" << listen << "\" is not HOST:PORT, such as 127.0.0.1:8088\n";
    return kExitUsage;
  }

  // Before the first thread starts, so that all inherit it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Start(options);
  if (!sandbox.ok()) {
    std::cerr << "mutexd-sandbox: " << sandbox.status().message() << "\n";
    return kExitCannotStart;
  }
  std::cerr << "mutexd-sandbox: " << (*sandbox)->group_count() << " mutex groups\n";
  std::cout << "listening on " << (*sandbox)->url() << std::endl;
  WaitForSignal(signals);
  (*sandbox)->Stop();
  return 0;
}

}  // namespace
}  // namespace mutexd::sandbox

int main(int argc, char** argv) { return mutexd::sandbox::Run(argc, argv); }
