#include "service/app/setting_table.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "service/app/management_key.h"
#include "service/app/setting_values.h"

namespace mutexd::app {
namespace {

using Apply = std::function<absl::Status(absl::Span<const std::string>, Settings&)>;

constexpr absl::string_view kServing = "Serving";
constexpr absl::string_view kAccess = "Access";
constexpr absl::string_view kUpstream = "Amplitude";
constexpr absl::string_view kSandbox = "Sandbox";
constexpr absl::string_view kCalls = "Calls";
constexpr absl::string_view kOperation = "Operation";

constexpr absl::string_view kManagementKey = "amplitude-management-key";

// The order of the enumerations.
constexpr absl::string_view kRegions[] = {"us", "eu"};
constexpr absl::string_view kCredentials[] = {"server", "caller"};
constexpr absl::string_view kLogLevels[] = {"debug", "info", "warning", "error", "critical"};
constexpr absl::string_view kLogFormats[] = {"json", "text"};

constexpr absl::string_view kSlotIndexBases[] = {"0", "1"};

Apply Duration(absl::Duration Settings::*member, absl::Duration least, absl::Duration most) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    const auto duration = ParseDurationValue(texts[0], least, most);
    if (duration.ok()) settings.*member = *duration;
    return duration.status();
  };
}

Apply Size(std::size_t Settings::*member, std::size_t least, std::size_t most) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    const auto bytes = ParseByteSize(texts[0], least, most);
    if (bytes.ok()) settings.*member = *bytes;
    return bytes.status();
  };
}

template <typename Number>
Apply Count(Number Settings::*member, std::int64_t least, std::int64_t most) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    const auto count = ParseWholeNumber(texts[0], least, most);
    if (count.ok()) settings.*member = static_cast<Number>(*count);
    return count.status();
  };
}

Apply Switch(bool Settings::*member) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    const auto on = ParseSwitch(texts[0]);
    if (on.ok()) settings.*member = *on;
    return on.status();
  };
}

template <typename Value, typename Parse>
Apply Parsed(Value Settings::*member, Parse parse) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    auto value = parse(texts[0]);
    if (value.ok()) settings.*member = *std::move(value);
    return value.status();
  };
}

Apply Path(std::string Settings::*member) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    if (texts[0].empty()) return absl::InvalidArgumentError("is empty; give a path");
    settings.*member = texts[0];
    return absl::OkStatus();
  };
}

// The member becomes the position of the choice.
template <typename Value>
Apply Choice(Value Settings::*member, absl::Span<const absl::string_view> choices) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    const auto choice = ParseChoice(texts[0], choices);
    if (choice.ok()) settings.*member = static_cast<Value>(*choice);
    return choice.status();
  };
}

// An address that `check` finds nothing wrong with, or "off".
Apply AddressOrOff(std::optional<ListenAddress> Settings::*member,
                   absl::Status (*check)(const ListenAddress&)) {
  return [=](absl::Span<const std::string> texts, Settings& settings) {
    (settings.*member).reset();
    if (texts[0] == "off") return absl::OkStatus();
    auto address = ParseListenAddress(texts[0]);
    if (!address.ok()) return address.status();
    absl::Status status = check(*address);
    if (status.ok()) settings.*member = *std::move(address);
    return status;
  };
}

absl::Status ApplyListen(absl::Span<const std::string> texts, Settings& settings) {
  if (texts.empty()) return absl::InvalidArgumentError("is empty; give at least one address");
  settings.listen.clear();
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    auto address = ParseListenAddress(text);
    if (!address.ok()) {
      if (texts.size() == 1) return address.status();
      return absl::InvalidArgumentError(
          absl::StrCat("in \"", text, "\" ", std::string(address.status().message())));
    }
    const bool fixed = address->is_unix() || address->port != 0;
    if (fixed && !seen.insert(address->ToString()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("names ", address->ToString(), " twice; name each address once"));
    }
    settings.listen.push_back(*std::move(address));
  }
  return absl::OkStatus();
}

absl::Status CheckManagementAddress(const ListenAddress& address) {
  if (!address.is_unix()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the management port cannot be a unix socket; write it as 127.0.0.1:9464 or off");
}

absl::Status CheckChannelzAddress(const ListenAddress& address) {
  if (address.is_unix() || IsLoopbackHost(address.host)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "channelz shows the addresses of all callers, without asking who wants to know; serve it "
      "on this machine only: 127.0.0.1:50052, unix:/run/mutexd-channelz.sock or off");
}

absl::Status ApplyUnixSocketMode(absl::Span<const std::string> texts, Settings& settings) {
  const auto mode = ParseSocketMode(texts[0]);
  if (mode.ok()) settings.unix_socket_access.mode = *mode;
  return mode.status();
}

absl::Status ApplyUnixSocketGroup(absl::Span<const std::string> texts, Settings& settings) {
  const auto group = ParseGroup(texts[0]);
  if (group.ok()) settings.unix_socket_access.group = *group;
  return group.status();
}

absl::Status ApplyUnixIdentity(absl::Span<const std::string> texts, Settings& settings) {
  auto identities = ParseUnixIdentities(texts);
  if (identities.ok()) settings.unix_identities = *std::move(identities);
  return identities.status();
}

absl::Status ApplyQuotaPerSecond(absl::Span<const std::string> texts, Settings& settings) {
  const auto requests = ParseWholeNumber(texts[0], 1, 1'000'000);
  if (requests.ok()) settings.quota.per_second = static_cast<int>(*requests);
  return requests.status();
}

absl::Status ApplyQuotaPerDay(absl::Span<const std::string> texts, Settings& settings) {
  const auto requests = ParseWholeNumber(texts[0], 1, 1'000'000'000);
  if (requests.ok()) settings.quota.per_day = *requests;
  return requests.status();
}

absl::Status ApplyQuotaWriteReserve(absl::Span<const std::string> texts, Settings& settings) {
  const auto share = ParseShare(texts[0]);
  if (share.ok()) settings.quota.write_reserve = *share;
  return share.status();
}

std::vector<Setting> MakeTable() {
  using Kind = Setting::Kind;
  const absl::Duration none = absl::ZeroDuration();
  const absl::Duration shortest = absl::Milliseconds(1);
  const absl::Duration hour = absl::Hours(1);
  const absl::Duration day = absl::Hours(24);
  return {
      {"listen", kServing, "ADDR",
       "Where to serve gRPC: 127.0.0.1:50051, [::1]:0, unix:/run/mutexd.sock; may be given several "
       "times. Port 0 lets the system choose; the log line \"listening\" tells the real address",
       "127.0.0.1:50051", Kind::kList, Setting::kEverywhere, ApplyListen},
      {"management", kServing, "ADDR",
       "Where to serve /healthz, /readyz, /metrics and /statusz over plain HTTP; off serves none",
       "127.0.0.1:9464", Kind::kValue, Setting::kEverywhere,
       AddressOrOff(&Settings::management, CheckManagementAddress)},
      {"channelz", kServing, "ADDR",
       "Where to serve gRPC's own view of its connections (grpc.channelz.v1), on this machine "
       "only: 127.0.0.1:50052, unix:/run/mutexd-channelz.sock; off serves none and records "
       "nothing",
       "off", Kind::kValue, Setting::kEverywhere,
       AddressOrOff(&Settings::channelz, CheckChannelzAddress)},
      {"drain-timeout", kServing, "DURATION",
       "How long calls under way may take to finish after SIGTERM or SIGINT", "25s", Kind::kValue,
       Setting::kEverywhere, Duration(&Settings::drain_timeout, none, hour)},
      {"tls-cert", kServing, "PATH",
       "PEM file with the certificate to show on all TCP listeners, and those between it and its "
       "root. Read again when it changes, as are the next two",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::tls_cert)},
      {"tls-key", kServing, "PATH", "PEM file with the key of the certificate", "", Kind::kValue,
       Setting::kEverywhere, Path(&Settings::tls_key)},
      {"tls-client-ca", kServing, "PATH",
       "PEM file of the certificate authorities that must have signed the certificates of callers; "
       "without it callers need none",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::tls_client_ca)},
      {"allow-plaintext", kServing, "",
       "Serve other machines without TLS: anybody in between can read and change calls", "false",
       Kind::kSwitch, Setting::kEverywhere, Switch(&Settings::allow_plaintext)},
      {"unix-socket-mode", kServing, "MODE",
       "Who may connect to unix sockets, as the mode of a file", "0660", Kind::kValue,
       Setting::kEverywhere, ApplyUnixSocketMode},
      {"unix-socket-group", kServing, "GROUP",
       "The group of unix sockets, a name or a number; without it the process'", "", Kind::kValue,
       Setting::kEverywhere, ApplyUnixSocketGroup},
      {"unix-identity", kServing, "NAME",
       "The name of callers by unix sockets, in logs and rules; PATH=NAME for one socket; may be "
       "given several times",
       "unix", Kind::kList, Setting::kEverywhere, ApplyUnixIdentity},
      {"max-connections", kServing, "N",
       "The most connections of callers at a time; more are closed at once", "10000", Kind::kValue,
       Setting::kEverywhere, Count(&Settings::max_connections, 1, 1'000'000)},
      {"max-connection-age", kServing, "DURATION",
       "How long a connection lives, give or take a tenth; 0s: as long as the caller wants", "0s",
       Kind::kValue, Setting::kEverywhere, Duration(&Settings::max_connection_age, none, day)},
      {"max-concurrent-streams", kServing, "N", "The most calls at a time on one connection",
       "1000", Kind::kValue, Setting::kEverywhere,
       Count(&Settings::max_concurrent_streams, 1, 1'000'000)},
      {"memory-limit", kServing, "SIZE",
       "The most memory for requests on their way in, of all connections", "512MiB", Kind::kValue,
       Setting::kEverywhere,
       Size(&Settings::memory_limit, std::size_t{16} << 20, std::size_t{1} << 40)},

      {"authz-policy", kAccess, "PATH",
       "TOML file that says who may do what; read again when it changes. Without it every caller "
       "may do everything",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::authz_policy)},
      {"read-only", kAccess, "", "Refuse all writes, whoever asks for them", "false", Kind::kSwitch,
       Setting::kEverywhere, Switch(&Settings::read_only)},
      {"credentials", kAccess, "server|caller",
       "Whose management key to use: the service's, or the caller's from the metadata "
       "x-amplitude-management-key",
       "server", Kind::kValue, Setting::kEverywhere, Choice(&Settings::credentials, kCredentials)},

      {"region", kUpstream, "us|eu", "Amplitude's data center that holds the project", "us",
       Kind::kValue, Setting::kEverywhere, Choice(&Settings::region, kRegions)},
      {"amplitude-url", kUpstream, "URL",
       "Amplitude's address instead of the region's; https, but for an address on this machine", "",
       Kind::kValue, Setting::kEverywhere, Parsed(&Settings::amplitude_url, ParseUpstreamUrl)},
      {"amplitude-proxy", kUpstream, "URL",
       "HTTP proxy for all requests to Amplitude, in place of those that the environment names", "",
       Kind::kValue, Setting::kEverywhere, Parsed(&Settings::amplitude_proxy, ParseProxyUrl)},
      {"amplitude-ca-file", kUpstream, "PATH",
       "PEM file of the certificate authorities to trust instead of the system's", "", Kind::kValue,
       Setting::kEverywhere, Path(&Settings::amplitude_ca_file)},
      {"amplitude-key-file", kUpstream, "PATH",
       "File with the management key, read again when it changes. Instead of a file, the key "
       "itself can stand in the environment variable AMPLITUDE_MANAGEMENT_KEY; it is never a flag",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::amplitude_key_file)},
      {kManagementKey, kUpstream, "KEY", "The management key", "", Kind::kValue,
       Setting::kEnvironment, Parsed(&Settings::amplitude_management_key, ParseManagementKey)},
      {"slot-index-base", kUpstream, "0|1", "What Amplitude's path calls a group's first slot", "1",
       Kind::kValue, Setting::kEverywhere, Choice(&Settings::slot_index_base, kSlotIndexBases)},
      {"upstream-timeout", kUpstream, "DURATION",
       "The longest that one request to Amplitude may take", "10s", Kind::kValue,
       Setting::kEverywhere, Duration(&Settings::upstream_timeout, shortest, hour)},
      {"quota-per-second", kUpstream, "N",
       "The most requests to Amplitude in any one second. Amplitude's limit is a project's, so "
       "several processes divide it",
       "100", Kind::kValue, Setting::kEverywhere, ApplyQuotaPerSecond},
      {"quota-per-day", kUpstream, "N",
       "The most requests to Amplitude in a day, which begins at 00:00 UTC; divided likewise",
       "100000", Kind::kValue, Setting::kEverywhere, ApplyQuotaPerDay},
      {"quota-write-reserve", kUpstream, "SHARE",
       "The share of the day's requests that is kept for writes, from 0 to below 1", "0.1",
       Kind::kValue, Setting::kEverywhere, ApplyQuotaWriteReserve},
      {"state-dir", kUpstream, "PATH",
       "Directory that keeps the count of the day's requests over a restart; without it the count "
       "begins anew",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::state_dir)},

      {"sandbox", kSandbox, "", "Start an emulator of Amplitude inside and use it; needs no key",
       "false", Kind::kSwitch, Setting::kEverywhere, Switch(&Settings::sandbox)},
      {"sandbox-state", kSandbox, "PATH",
       "JSON file that keeps the emulator's groups; without it they last as long as the program",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::sandbox_state)},

      {"max-calls", kCalls, "N", "The most calls at a time; more are refused", "10000",
       Kind::kValue, Setting::kEverywhere, Count(&Settings::max_calls, 1, 1'000'000)},
      {"default-deadline", kCalls, "DURATION", "The deadline of a call that comes without one",
       "20s", Kind::kValue, Setting::kEverywhere,
       Duration(&Settings::default_deadline, shortest, hour)},
      {"write-visibility-timeout", kCalls, "DURATION",
       "How long a write is looked for before the answer says that it is not visible yet", "2s",
       Kind::kValue, Setting::kEverywhere,
       Duration(&Settings::write_visibility_timeout, none, hour)},
      {"default-max-staleness", kCalls, "DURATION",
       "How old an answer may be when the request does not say", "0s", Kind::kValue,
       Setting::kEverywhere, Duration(&Settings::default_max_staleness, none, day)},
      {"max-staleness-limit", kCalls, "DURATION", "How old an answer a request may ask for at most",
       "10m", Kind::kValue, Setting::kEverywhere,
       Duration(&Settings::max_staleness_limit, none, day)},
      {"cache-max-bytes", kCalls, "SIZE",
       "The most that answers kept for calls that allow staleness may take; 0 keeps none", "32MiB",
       Kind::kValue, Setting::kEverywhere,
       Size(&Settings::cache_max_bytes, 0, std::size_t{16} << 30)},
      {"max-reply-bytes", kCalls, "SIZE",
       "The largest reply, in bytes or as 3.5MiB; clients accept 4 MiB unless told otherwise",
       "3.5MiB", Kind::kValue, Setting::kEverywhere,
       Size(&Settings::max_reply_bytes, 1024, std::size_t{256} << 20)},

      {"audit-log", kOperation, "PATH",
       "File with a line for every attempt to write; while it cannot be written, writes are "
       "refused",
       "", Kind::kValue, Setting::kEverywhere, Path(&Settings::audit_log)},
      {"log-level", kOperation, "LEVEL",
       "The least severe lines to log: debug, info, warning, error or critical", "info",
       Kind::kValue, Setting::kEverywhere, Choice(&Settings::log_level, kLogLevels)},
      {"log-format", kOperation, "json|text", "How log lines are written to stderr", "json",
       Kind::kValue, Setting::kEverywhere, Choice(&Settings::log_format, kLogFormats)},
      {"config", kOperation, "PATH",
       "TOML file with settings, named as the flags without dashes in front", "", Kind::kValue,
       Setting::kFlag | Setting::kEnvironment, Path(&Settings::config)},
      {"check-config", kOperation, "",
       "Print the settings that would take effect and where each comes from, and exit", "false",
       Kind::kSwitch, Setting::kFlag, Switch(&Settings::check_config)},
      {"version", kOperation, "", "Print the version and exit", "false", Kind::kSwitch,
       Setting::kFlag, Switch(&Settings::version)},
      {"help", kOperation, "", "Print this help and exit", "false", Kind::kSwitch, Setting::kFlag,
       Switch(&Settings::help)},
  };
}

void AppendWrapped(std::string& out, absl::string_view text) {
  constexpr absl::string_view kIndent = "      ";
  constexpr std::size_t kWidth = 92;
  std::string line(kIndent);
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (line.size() > kIndent.size() && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&out, line, "\n");
      line = std::string(kIndent);
    }
    absl::StrAppend(&line, line.size() > kIndent.size() ? " " : "", word);
  }
  absl::StrAppend(&out, line, "\n");
}

}  // namespace

std::string Setting::EnvironmentName() const {
  const std::string upper = absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}}));
  return is_secret() ? upper : absl::StrCat("MUTEXD_", upper);
}

bool Setting::is_secret() const { return name == kManagementKey; }

const std::vector<Setting>& SettingTable() {
  static const auto* const table = new std::vector<Setting>(MakeTable());
  return *table;
}

std::string HelpText() {
  std::string text =
      "mutexd: a gRPC service in front of the mutex groups of Amplitude Experiment.\n\n"
      "Usage: mutexd [FLAGS]\n\n"
      "A flag beats its environment variable, which beats the key of the same name in the file of\n"
      "--config. Lists are repeated flags, comma-separated in the environment, arrays in the "
      "file.\n"
      "Durations are written 500ms, 10s, 5m.\n";
  absl::string_view group;
  for (const Setting& setting : SettingTable()) {
    if ((setting.places & Setting::kFlag) == 0) continue;
    if (setting.group != group) absl::StrAppend(&text, "\n", group = setting.group, ":\n");
    absl::StrAppend(&text, "  --", setting.name, setting.value_name.empty() ? "" : " ",
                    setting.value_name, "\n");
    const bool has_default =
        !setting.default_text.empty() && setting.kind != Setting::Kind::kSwitch;
    AppendWrapped(text,
                  absl::StrCat(setting.meaning,
                               has_default ? absl::StrCat(" (", setting.default_text, ")") : "",
                               (setting.places & Setting::kEnvironment) != 0
                                   ? absl::StrCat(" [", setting.EnvironmentName(), "]")
                                   : ""));
  }
  return text;
}

}  // namespace mutexd::app
