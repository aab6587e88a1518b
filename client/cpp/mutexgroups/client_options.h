// How a client connects: what the caller says, what the environment says, and what is checked of
// it.
#pragma once

#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "mutexgroups/address.h"

namespace mutexgroups {

struct ClientOptions {
  // See address.h. MUTEXGROUPS_SERVER.
  std::string server = std::string(kDefaultServer);

  // Bounds each call, its retries included; each page of a listing is a call. Over zero.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);

  // The service cuts pages at 3.5 MiB unless its operator raised `--max-reply-bytes`.
  int max_receive_bytes = 64 << 20;

  // "on" or "off"; when empty, on where one of the three files is given. MUTEXGROUPS_TLS.
  std::string tls;

  // Root certificates in PEM, in place of the system's. MUTEXGROUPS_TLS_CA_FILE.
  std::string tls_ca_file;

  // The client's own certificate and its key in PEM, for mutual TLS: both or neither.
  // MUTEXGROUPS_TLS_CERT_FILE, MUTEXGROUPS_TLS_KEY_FILE.
  std::string tls_cert_file;
  std::string tls_key_file;

  // The name that the server's certificate must have, where it is not the address's.
  // MUTEXGROUPS_TLS_SERVER_NAME.
  std::string tls_server_name;

  // The caller's own management key, for a service that runs with `--credentials caller`. Never
  // taken from the environment; refused where it would cross a network in plain text.
  std::string amplitude_key;

  // In place of all that is said of TLS above, and taken to protect `amplitude_key`.
  std::shared_ptr<grpc::ChannelCredentials> credentials;

  // The defaults, with what the variables above say where they are set and not empty.
  static ClientOptions FromEnvironment();
};

// Whether the options ask for TLS.
bool UsesTls(const ClientOptions& options);

// What is wrong with the options but for the content of files, and how to mend it; nothing where
// they can be used. Never tells the key.
std::optional<std::string> OptionProblem(const ClientOptions& options);

}  // namespace mutexgroups
