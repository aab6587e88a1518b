// A connected socket as a stream of cpp-httplib, waiting with poll: its own uses select, which
// fails from descriptor 1024 on.
#pragma once

#include <httplib.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace mutexd::sandbox {

class SocketStream final : public httplib::Stream {
 public:
  // Does not own the socket. A read or a write that makes no progress for `timeout` fails.
  SocketStream(int socket, std::chrono::milliseconds timeout);

  // Waits for the first byte of the next request. False at the end of the stream or after
  // `patience`.
  bool WaitForRequest(std::chrono::milliseconds patience);

  // Says goodbye so that the peer can read the last reply although we did not read all that it sent
  // (closing at once would reset the connection): ends our side, then skips what comes for a
  // moment.
  void CloseGently();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;

  // Never the descriptor: cpp-httplib only looks whether it is too large for select.
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  const int socket_;
  const std::chrono::milliseconds timeout_;
  std::vector<char> buffer_;  // cpp-httplib reads heads byte by byte
  std::size_t buffer_begin_ = 0;
  std::size_t buffer_end_ = 0;
};

}  // namespace mutexd::sandbox
