// TLS for listeners, with certificates that may change while the server runs.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace mutexd::rpc {

// What a listener shows and trusts; texts in PEM.
struct TlsMaterial {
  std::string certificate_chain;  // the server's own certificate first
  std::string private_key;
  std::string client_ca;  // empty: clients need no certificates
};

// Where handshakes find the material in force. Any thread.
class TlsMaterialSource {
 public:
  explicit TlsMaterialSource(TlsMaterial material);

  // For connections from now on; those that are open go on. Has been checked: gRPC drops what it
  // cannot use without a word to the one who gave it. Whether clients need certificates never
  // changes.
  void Publish(TlsMaterial material);

  struct Version {
    std::uint64_t number = 0;  // rises with each
    std::shared_ptr<const TlsMaterial> material;
  };
  Version Current() const;

 private:
  mutable std::mutex mutex_;
  Version current_;
};

// TLS 1.2 or newer, and HTTP/2 by ALPN. With a client CA, clients must show a certificate that it
// has signed. For one server, which the result must outlive.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(
    std::shared_ptr<const TlsMaterialSource> source);

}  // namespace mutexd::rpc
