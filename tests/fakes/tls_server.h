// An HTTPS server with HTTP/2 (nginx as a child process), and certificates for it (openssl), made
// when a test runs.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::fakes {

// A directory that goes away with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string File(absl::string_view name) const;

 private:
  std::string path_;
};

struct Certificate {
  std::string certificate_file;
  std::string key_file;
};

// A certificate authority that nobody trusts unless told to.
class TestAuthority {
 public:
  TestAuthority();

  std::string ca_file() const { return directory_.File("ca.pem"); }

  // For `subject`, an openssl subjectAltName such as "IP:127.0.0.1" or "DNS:example.com"; valid
  // from yesterday for `days`. Each certificate of a test needs a `name` of its own.
  Certificate Issue(absl::string_view name, absl::string_view subject, int days = 2) const;

 private:
  void Run(absl::string_view command) const;

  TemporaryDirectory directory_;
};

// Answers as `location` says: nginx directives for "location /".
class TlsServer {
 public:
  struct Options {
    bool http2 = true;
    std::string protocols = "TLSv1.2 TLSv1.3";
    int max_concurrent_streams = 128;
    std::string location;
  };

  // Names what a request came by: in headers x-protocol ("HTTP/2.0") and x-connection (a number).
  static constexpr absl::string_view kReportConnection =
      "add_header x-protocol $server_protocol; add_header x-connection $connection;"
      "return 200 'hello';";

  TlsServer(const Certificate& certificate, const Options& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  int port() const { return port_; }

  // Leaves connections open, and whatever comes by them unread, until Continue.
  void Pause() const;
  void Continue() const;

  // "https://127.0.0.1:<port><target>"
  std::string Url(absl::string_view target = "/") const;

 private:
  void SignalWorkers(int signal) const;

  TemporaryDirectory directory_;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace mutexd::fakes
