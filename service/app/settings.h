// What `mutexd` can be told, and where each value came from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/amplitude/quota_options.h"
#include "service/amplitude/upstream.h"
#include "service/app/listen_address.h"
#include "service/app/listen_socket.h"
#include "service/app/unix_socket_settings.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

enum class Credentials { kServer, kCaller };

// Every value has been checked: see setting_table.cc for defaults and ranges.
struct Settings {
  std::vector<ListenAddress> listen;
  std::optional<ListenAddress> management;  // absent: off
  std::optional<ListenAddress> channelz;    // likewise

  std::string tls_cert;       // empty: plaintext
  std::string tls_key;        // given with the certificate
  std::string tls_client_ca;  // empty: clients need no certificates
  bool allow_plaintext = false;

  UnixSocketAccess unix_socket_access;
  UnixIdentities unix_identities;

  std::size_t max_connections = 0;
  std::size_t max_calls = 0;
  std::size_t memory_limit = 0;
  int max_concurrent_streams = 0;
  absl::Duration max_connection_age;  // zero: any

  amplitude::Region region = amplitude::Region::kUs;
  std::optional<std::string> amplitude_url;  // beats the region
  std::string amplitude_proxy;               // empty: as the environment has it
  std::string amplitude_ca_file;             // empty: the system's
  std::string amplitude_key_file;            // at most one of this and
  std::string amplitude_management_key;      // this is set
  int slot_index_base = 1;
  absl::Duration upstream_timeout;

  Credentials credentials = Credentials::kServer;  // kCaller: there is no key of the service

  amplitude::QuotaOptions quota;
  std::string state_dir;  // empty: nothing survives a restart

  std::string authz_policy;  // empty: everybody may do everything
  bool read_only = false;

  bool sandbox = false;
  std::string sandbox_state;  // empty: kept in memory

  absl::Duration default_deadline;
  absl::Duration write_visibility_timeout;
  absl::Duration default_max_staleness;
  absl::Duration max_staleness_limit;
  std::size_t cache_max_bytes = 0;  // 0: no cache
  std::size_t max_reply_bytes = 0;

  std::string audit_log;  // empty: none

  telemetry::LogLevel log_level = telemetry::LogLevel::kInfo;
  telemetry::LogFormat log_format = telemetry::LogFormat::kJson;
  absl::Duration drain_timeout;

  std::string config;  // the path of the file; empty: none
  bool check_config = false;
  bool version = false;
  bool help = false;
};

enum class OriginKind { kDefault, kFile, kEnvironment, kFlag };  // the later beats the earlier

struct Origin {
  OriginKind kind = OriginKind::kDefault;
  std::string where;  // for people: "default", "flag --listen", "MUTEXD_LISTEN", "mutexd.toml:3"
};

// One setting as it takes effect. `texts` is as written; one element but for lists; empty when the
// setting has neither value nor default.
struct EffectiveValue {
  absl::string_view name;
  std::vector<std::string> texts;
  Origin origin;
};

}  // namespace mutexd::app
