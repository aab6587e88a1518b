// A name server that does not answer, in place of the C library's.
//
// The test program defines getaddrinfo itself, which libcurl's resolver threads then call: lookups
// of one name block, all others go to the C library.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mutexd::http {

// While it lives, looking up `host` blocks; its end lets the lookups fail, and waits until they
// have.
class BlockingResolver {
 public:
  explicit BlockingResolver(std::string host);
  ~BlockingResolver();
  BlockingResolver(const BlockingResolver&) = delete;
  BlockingResolver& operator=(const BlockingResolver&) = delete;

  // Called, on the looking thread, by a lookup that is about to block; at once if one does already.
  void OnLookup(std::function<void()> called);

  // Whether a lookup has come and is still blocked.
  bool blocking() const;
};

// While it lives, `host` has these numeric addresses, in this order.
class ScopedAddresses {
 public:
  ScopedAddresses(std::string host, std::vector<std::string> addresses);
  ~ScopedAddresses();
  ScopedAddresses(const ScopedAddresses&) = delete;
  ScopedAddresses& operator=(const ScopedAddresses&) = delete;
};

}  // namespace mutexd::http
