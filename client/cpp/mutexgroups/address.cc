#include "mutexgroups/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace mutexgroups {
namespace {

constexpr std::string_view kForms =
    "write host:port such as 127.0.0.1:50051, [::1]:50051, or unix:/run/mutexd.sock";

bool HasSchemeOfGrpc(absl::string_view address) {
  return absl::StartsWith(address, "dns:") || absl::StartsWith(address, "ipv4:") ||
         absl::StartsWith(address, "ipv6:") || absl::StartsWith(address, "unix-abstract:");
}

// The host of `host:port`, without an IPv6 address's brackets.
absl::string_view Host(absl::string_view address) {
  if (absl::ConsumePrefix(&address, "[")) return address.substr(0, address.find(']'));
  return address.substr(0, address.rfind(':'));
}

// A name that only begins like one, such as 127.example.com, may be anybody's.
bool IsLoopbackV4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

}  // namespace

std::optional<std::string> AddressProblem(std::string_view text) {
  const absl::string_view address(text.data(), text.size());
  const auto problem = [&](absl::string_view what) {
    return absl::StrCat("\"", address, "\" is not an address: ", what, "; ",
                        absl::string_view(kForms.data(), kForms.size()));
  };
  if (address.empty()) return problem("it is empty");
  if (absl::StartsWith(address, "unix:")) {
    if (address == "unix:") return problem("the path is missing");
    return std::nullopt;
  }
  if (absl::StrContains(address, "://") && !absl::StartsWith(address, "dns://")) {
    return problem("it is a URL");
  }
  if (HasSchemeOfGrpc(address)) return std::nullopt;
  const auto colon = address.rfind(':');
  if (colon == absl::string_view::npos || absl::EndsWith(address, "]")) {
    return problem("the port is missing");
  }
  int port;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return problem("the port is not a number from 1 to 65535");
  }
  const auto host = address.substr(0, colon);
  if (host.empty()) return problem("the host is missing");
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (!bracketed && absl::StrContains(host, ":")) return problem("an IPv6 address needs brackets");
  return std::nullopt;
}

bool IsLocal(std::string_view text) {
  absl::string_view address(text.data(), text.size());
  if (absl::StartsWith(address, "unix:") || absl::StartsWith(address, "unix-abstract:")) {
    return true;
  }
  absl::ConsumePrefix(&address, "dns:///") || absl::ConsumePrefix(&address, "dns:") ||
      absl::ConsumePrefix(&address, "ipv4:") || absl::ConsumePrefix(&address, "ipv6:");
  const std::string host(Host(address));
  return host == "localhost" || host == "::1" || IsLoopbackV4(host);
}

}  // namespace mutexgroups
