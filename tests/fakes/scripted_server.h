// A TCP server whose every connection follows a script: for clients' tests of servers that
// misbehave.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace mutexd::fakes {

struct ReceivedRequest {
  int connection = 0;  // counts from 0, in the order accepted
  std::string method;
  std::string target;                          // as it stands in the request line
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // by Content-Length
};

class ScriptedServer;

// The server's side of one connection, for scripts in blocking style. All calls return at once when
// the server is being destroyed.
class Peer {
 public:
  // Counts from 0, in the order accepted.
  int connection() const { return connection_; }

  // Empty when the client has closed, or sent something else. Also remembered by the server.
  std::optional<ReceivedRequest> ReadRequest();

  // Waits for the first byte, and leaves it there. False when the client has closed.
  bool WaitForBytes();

  // False when the client is gone.
  bool Write(absl::string_view bytes);

  // One byte at a time, each in a packet of its own.
  bool Drip(absl::string_view bytes);

  // Reads and drops until the client closes.
  void Hang();

  // Closes with RST rather than FIN: the client's next read is an error.
  void Reset();

  // Passes bytes on to another server on 127.0.0.1 until either side closes, and back.
  void RelayTo(int port);

 private:
  friend class ScriptedServer;

  Peer(ScriptedServer& server, int socket, int connection)
      : server_(server), socket_(socket), connection_(connection) {}

  bool ReadMore();

  ScriptedServer& server_;
  const int socket_;
  const int connection_;
  std::string buffer_;
};

// Listens on 127.0.0.1 on a port of its own; a thread per connection. A connection is closed when
// its script returns.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }

  // "http://127.0.0.1:<port><target>"
  std::string Url(absl::string_view target = "/") const;

  int connections() const;
  std::vector<ReceivedRequest> requests() const;

  // Blocks until as many requests have been read, over all connections.
  void WaitForRequests(std::size_t count);

 private:
  friend class Peer;

  void Accept();
  void Serve(int socket, int connection);
  void JoinEnded();
  void Remember(const ReceivedRequest& request);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  int accepted_ = 0;
  std::map<int, int> open_;  // connection to socket
  std::map<int, std::thread> threads_;
  std::vector<int> ended_;  // connections whose threads can be joined
  std::vector<ReceivedRequest> requests_;
  std::thread acceptor_;
};

// An HTTP/1.1 response with a Content-Length. `headers` are whole lines, each with its "\r\n".
std::string Response(int status, absl::string_view body, absl::string_view headers = "");

// Answers each request of a connection with the same response.
ScriptedServer::Script AnswerAll(std::string response);

}  // namespace mutexd::fakes
