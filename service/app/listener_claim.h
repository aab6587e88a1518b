// Makes sure that nobody else serves an address, and says why it cannot be had.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "service/app/listen_address.h"

namespace mutexd::app {

// Held as long as the address is served. For a unix socket: a lock on the file `<path>.lock`, which
// stays; a socket that a dead process left behind is removed, and so is ours at the end. For TCP
// the kernel keeps the claim from the moment of listening; here it is only asked beforehand, for
// servers that do not tell the reason and are content with one of the several addresses of a name.
class ListenerClaim {
 public:
  // The error names the address and what is in the way.
  static absl::StatusOr<ListenerClaim> Take(const ListenAddress& address);

  ListenerClaim(ListenerClaim&& other) noexcept;
  ListenerClaim& operator=(ListenerClaim&&) = delete;
  ~ListenerClaim();

 private:
  ListenerClaim(std::string unix_path, int lock) : unix_path_(std::move(unix_path)), lock_(lock) {}

  std::string unix_path_;
  int lock_ = -1;  // a descriptor
};

}  // namespace mutexd::app
