// What errors call the options that name files: the member of ClientOptions and its variable.
#pragma once

namespace mutexgroups {

inline constexpr char kTlsCaFile[] = "tls_ca_file (MUTEXGROUPS_TLS_CA_FILE)";
inline constexpr char kTlsCertFile[] = "tls_cert_file (MUTEXGROUPS_TLS_CERT_FILE)";
inline constexpr char kTlsKeyFile[] = "tls_key_file (MUTEXGROUPS_TLS_KEY_FILE)";

}  // namespace mutexgroups
