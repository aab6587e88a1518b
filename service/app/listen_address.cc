#include "service/app/listen_address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mutexd::app {
namespace {

constexpr absl::string_view kHowToWrite =
    "write it as 127.0.0.1:50051, [::1]:50051 or unix:/run/mutexd.sock";

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; ", kHowToWrite));
}

absl::StatusOr<ListenAddress> ParseUnix(absl::string_view path) {
  if (path.empty()) return Bad("the path of the unix socket is missing");
  const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest) {
    return absl::InvalidArgumentError(absl::StrCat("the path of a unix socket has at most ",
                                                   longest, " bytes; choose a shorter one"));
  }
  ListenAddress address;
  address.unix_path = std::string(path);
  return address;
}

bool IsHostCharacter(char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_'; }

}  // namespace

std::string ListenAddress::ToString(int bound_port) const {
  if (is_unix()) return absl::StrCat("unix:", unix_path);
  if (absl::StrContains(host, ":")) return absl::StrCat("[", host, "]:", bound_port);
  return absl::StrCat(host, ":", bound_port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "unix:")) return ParseUnix(text);

  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Bad("the port is missing");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port_text = text.substr(colon + 1);

  ListenAddress address;
  const bool only_digits =
      !port_text.empty() && port_text.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!only_digits || !absl::SimpleAtoi(port_text, &address.port) || address.port > 65535) {
    return Bad("the port must be a number from 0 to 65535");
  }
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]"))
      return Bad("the closing ] of the IPv6 address is missing");
    const std::string literal(host.substr(0, host.find('%')));  // without the scope
    in6_addr parsed;
    if (inet_pton(AF_INET6, literal.c_str(), &parsed) != 1) {
      return Bad("what stands in brackets is not an IPv6 address");
    }
    address.host = std::string(host);
    return address;
  }
  if (absl::StrContains(host, ":")) return Bad("an IPv6 address must stand in brackets");
  if (host.empty()) return Bad("the host is missing (0.0.0.0 stands for every interface)");
  for (const char c : host) {
    if (!IsHostCharacter(c)) return Bad("the host is neither an address nor a name");
  }
  address.host = std::string(host);
  return address;
}

bool IsLoopbackHost(absl::string_view host) {
  if (host == "localhost") return true;
  const std::string literal(host);
  in_addr v4;
  if (inet_pton(AF_INET, literal.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, literal.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace mutexd::app
