// What metrics want to know of HTTP: told once per transfer, when its connection is done with it.
#pragma once

#include <cstdint>

namespace mutexd::http {

struct HttpTransferStats {
  // Connections that were opened for this transfer.
  int connections_opened = 0;

  // The request went out on a connection that had been opened for another.
  bool connection_reused = false;

  // Of the bodies, as they crossed the wire: a compressed one before it is decompressed.
  std::int64_t bytes_sent = 0;
  std::int64_t bytes_received = 0;
};

class HttpObserver {
 public:
  virtual ~HttpObserver() = default;

  // A transfer has succeeded, failed or been cancelled. Called on the event loop's thread; must not
  // call the transport. Not called for transfers that the transport's own end cuts off.
  virtual void OnTransferEnd(const HttpTransferStats& stats) = 0;
};

}  // namespace mutexd::http
