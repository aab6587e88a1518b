// What is true of every call that comes by one listener.
#pragma once

#include <string>

namespace mutexd::rpc {

struct ListenerTraits {
  // The name that callers have here who bring no certificate; empty: they are anonymous.
  std::string identity;

  // TLS, a unix socket or the loopback: nobody else reads along, so metadata may hold secrets.
  bool confidential = false;

  // What calls have as their peer; empty: gRPC says, which for a unix socket cannot tell which.
  std::string peer;

  // Callers show certificates, which are verified.
  bool asks_for_certificates = false;
};

}  // namespace mutexd::rpc
