#include "mutexgroups/client_options.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "mutexgroups/option_names.h"

namespace mutexgroups {
namespace {

void Read(const char* variable, std::string& option) {
  const char* value = std::getenv(variable);
  if (value != nullptr && *value != '\0') option = value;
}

std::optional<std::string> TlsProblem(const ClientOptions& options) {
  if (!options.tls.empty() && options.tls != "on" && options.tls != "off") {
    return absl::StrCat("tls (MUTEXGROUPS_TLS): must be on or off, and is \"", options.tls, "\"");
  }
  if (!UsesTls(options) || options.tls_cert_file.empty() == options.tls_key_file.empty()) {
    return std::nullopt;
  }
  const bool has_cert = !options.tls_cert_file.empty();
  return absl::StrCat(has_cert ? kTlsCertFile : kTlsKeyFile, " is given and ",
                      has_cert ? kTlsKeyFile : kTlsCertFile, " is not: give both, or neither");
}

std::optional<std::string> AmplitudeKeyProblem(const ClientOptions& options) {
  const auto& key = options.amplitude_key;
  if (!std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return "amplitude_key: must be of printable ASCII characters without spaces; is there a line "
           "break at its end?";
  }
  const bool is_protected =
      options.credentials || UsesTls(options) || IsLocal(options.server) || key.empty();
  if (is_protected) return std::nullopt;
  return "amplitude_key: would cross the network in plain text; turn on TLS (tls or "
         "MUTEXGROUPS_TLS), or connect to a unix socket or the loopback";
}

}  // namespace

ClientOptions ClientOptions::FromEnvironment() {
  ClientOptions options;
  Read("MUTEXGROUPS_SERVER", options.server);
  Read("MUTEXGROUPS_TLS", options.tls);
  Read("MUTEXGROUPS_TLS_CA_FILE", options.tls_ca_file);
  Read("MUTEXGROUPS_TLS_CERT_FILE", options.tls_cert_file);
  Read("MUTEXGROUPS_TLS_KEY_FILE", options.tls_key_file);
  Read("MUTEXGROUPS_TLS_SERVER_NAME", options.tls_server_name);
  return options;
}

bool UsesTls(const ClientOptions& options) {
  if (!options.tls.empty()) return options.tls == "on";
  return !options.tls_ca_file.empty() || !options.tls_cert_file.empty() ||
         !options.tls_key_file.empty();
}

std::optional<std::string> OptionProblem(const ClientOptions& options) {
  if (auto problem = AddressProblem(options.server)) {
    return absl::StrCat("server (MUTEXGROUPS_SERVER): ", *problem);
  }
  if (options.timeout <= std::chrono::milliseconds(0)) return "timeout: must be over zero";
  if (auto problem = TlsProblem(options)) return problem;
  return AmplitudeKeyProblem(options);
}

}  // namespace mutexgroups
