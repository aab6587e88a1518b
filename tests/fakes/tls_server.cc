#include "tests/fakes/tls_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tests/fakes/loopback.h"

namespace mutexd::fakes {
namespace {

[[noreturn]] void Fail(absl::string_view what) {
  std::fprintf(stderr, "tls_server: %s\n", std::string(what).c_str());
  std::abort();
}

// One process, so that ending it ends all; every path that nginx would like to write in
// `directory`.
constexpr absl::string_view kNginxConfiguration = R"(
daemon off;
worker_processes 1;
pid $0;
error_log $1 warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $2;
  proxy_temp_path $3;
  fastcgi_temp_path $4;
  uwsgi_temp_path $4;
  scgi_temp_path $4;
  client_max_body_size 64m;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:$5 ssl $6;
    ssl_certificate $7;
    ssl_certificate_key $8;
$9
  }
}
)";

constexpr int kListenerInChild = 3;

// nginx takes over listening sockets named in the environment, so the port is ours from the start,
// and clients can connect before nginx is up.
[[noreturn]] void BecomeNginx(int listener, const char* configuration, const char* error_log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (listener == kListenerInChild) {
    ::fcntl(listener, F_SETFD, 0);
  } else {
    ::dup2(listener, kListenerInChild);
  }
  char program[] = "nginx";
  char* const arguments[] = {program,
                             const_cast<char*>("-c"),
                             const_cast<char*>(configuration),
                             const_cast<char*>("-e"),
                             const_cast<char*>(error_log),
                             nullptr};
  char inherited[] = "NGINX=3;";
  char* const environment[] = {inherited, nullptr};
  ::execve("/usr/sbin/nginx", arguments, environment);
  ::_exit(127);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory()
    : path_(std::filesystem::temp_directory_path() / "mutexd-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) Fail("cannot make a temporary directory");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::File(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

TestAuthority::TestAuthority() {
  Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key "
      "-out ca.pem -days 2 -subj '/CN=Authority of a test'");
}

Certificate TestAuthority::Issue(absl::string_view name, absl::string_view subject,
                                 int days) const {
  Run(absl::Substitute(
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $0.key "
      "-out $0.csr -subj '/CN=$0' && echo subjectAltName=$1 > $0.ext && "
      "openssl x509 -req -in $0.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $0.pem -days $2 "
      "-extfile $0.ext",
      name, subject, days));
  return {.certificate_file = directory_.File(absl::StrCat(name, ".pem")),
          .key_file = directory_.File(absl::StrCat(name, ".key"))};
}

void TestAuthority::Run(absl::string_view command) const {
  const std::string line = absl::StrCat("cd ", directory_.File(""), " && (", command,
                                        ") >openssl.log 2>&1 || ", "(cat openssl.log >&2; false)");
  if (std::system(line.c_str()) != 0) Fail(absl::StrCat("failed: ", command));
}

TlsServer::TlsServer(const Certificate& certificate, const Options& options) {
  const int listener = ListenOnLoopback(1024);
  if (listener < 0) Fail("cannot listen");
  port_ = PortOf(listener);
  const std::string configuration = directory_.File("nginx.conf");
  const std::string error_log = directory_.File("error.log");
  // At security level 0 OpenSSL still speaks the old versions that a test may want to be refused.
  const std::string rest = absl::StrCat(
      "    ssl_protocols ", options.protocols, ";\n    ssl_ciphers ALL:@SECLEVEL=0;\n",
      options.http2
          ? absl::StrCat("    http2_max_concurrent_streams ", options.max_concurrent_streams, ";\n")
          : "",
      "    location / { ", options.location, " }\n");
  // As root, nginx would make its worker somebody who cannot enter our directory.
  const absl::string_view user = ::geteuid() == 0 ? "user root;" : "";
  std::ofstream(configuration) << user
                               << absl::Substitute(
                                      kNginxConfiguration, directory_.File("nginx.pid"), error_log,
                                      directory_.File("bodies"), directory_.File("replies"),
                                      directory_.File("unused"), port_,
                                      options.http2 ? "http2" : "", certificate.certificate_file,
                                      certificate.key_file, rest);
  process_ = ::fork();
  if (process_ == 0) BecomeNginx(listener, configuration.c_str(), error_log.c_str());
  ::close(listener);
  if (process_ < 0) Fail("cannot fork");
}

TlsServer::~TlsServer() {
  ::kill(process_, SIGTERM);  // its worker goes with it
  ::waitpid(process_, nullptr, 0);
}

void TlsServer::Pause() const { SignalWorkers(SIGSTOP); }

void TlsServer::Continue() const { SignalWorkers(SIGCONT); }

void TlsServer::SignalWorkers(int signal) const {
  std::ifstream children(absl::StrCat("/proc/", process_, "/task/", process_, "/children"));
  for (pid_t worker = 0; children >> worker;) ::kill(worker, signal);
}

std::string TlsServer::Url(absl::string_view target) const {
  return absl::StrCat("https://127.0.0.1:", port_, target);
}

}  // namespace mutexd::fakes
