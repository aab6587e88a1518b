#include "service/rpc/peer_sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::rpc {
namespace {

// As gRPC writes it: a URI, with the brackets of IPv6 in percents. Empty: not TCP, or gone.
std::string PeerOf(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  char host[INET6_ADDRSTRLEN];
  if (address.ss_family == AF_INET) {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &address, sizeof(ipv4));
    inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof(host));
    return absl::StrCat("ipv4:", host, ":", ntohs(ipv4.sin_port));
  }
  if (address.ss_family != AF_INET6) return {};
  sockaddr_in6 ipv6;
  std::memcpy(&ipv6, &address, sizeof(ipv6));
  if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
    inet_ntop(AF_INET, &ipv6.sin6_addr.s6_addr[12], host, sizeof(host));
    return absl::StrCat("ipv4:", host, ":", ntohs(ipv6.sin6_port));
  }
  inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof(host));
  return absl::StrCat("ipv6:%5B", host, "%5D:", ntohs(ipv6.sin6_port));
}

}  // namespace

void PeerSockets::Add(int descriptor) {
  std::string peer = PeerOf(descriptor);
  if (peer.empty()) return;
  const std::lock_guard lock(mutex_);
  std::string& known = peers_[descriptor];
  // Another descriptor may have the former peer by now.
  const auto former = descriptors_.find(known);
  if (former != descriptors_.end() && former->second == descriptor) descriptors_.erase(former);
  descriptors_[peer] = descriptor;
  known = std::move(peer);
}

int PeerSockets::Find(absl::string_view peer) const {
  const std::lock_guard lock(mutex_);
  const auto found = descriptors_.find(peer);
  return found == descriptors_.end() ? -1 : found->second;
}

}  // namespace mutexd::rpc
