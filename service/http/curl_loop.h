// Runs the transfers of one CURLM on an Asio event loop. Internal to this folder.
#pragma once

#include <curl/curl.h>
#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <unordered_map>

#include "service/http/socket_watch.h"

namespace mutexd::http {

// All on the thread of the loop, which must outlive this. Owned by shared_ptr: handlers that the
// loop still holds refer to it weakly.
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  struct Limits {
    int max_host_connections = 0;  // 0: any number
    int max_kept_connections = 0;  // connections kept for later transfers; 0: any number
  };

  // What a transfer's end is told to. Must neither start nor stop transfers: it wakes somebody up.
  using OnDone = std::function<void(CURLcode)>;

  CurlLoop(asio::any_io_executor loop, const Limits& limits);
  ~CurlLoop();

  // Runs a transfer. After CURLE_OK `on_done` is called once, from a handler of its own, unless
  // Stop comes first. CURLE_ABORTED_BY_CALLBACK after Close, CURLE_FAILED_INIT when libcurl
  // refuses.
  CURLcode Start(CURL* easy, OnDone on_done);

  // The same for a handle with CURLOPT_CONNECT_ONLY, whose connection stays until Stop, which
  // `on_done` may call for it.
  CURLcode StartConnection(CURL* easy, OnDone on_done);

  // Forgets a transfer; harmless for one that is done. Its connection is closed where it has to be.
  void Stop(CURL* easy);

  // Ends all transfers with CURLE_ABORTED_BY_CALLBACK and closes all connections.
  void Close();

 private:
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* socket_data);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  struct Transfer {
    OnDone on_done;      // null once it was told
    bool stays = false;  // in the CURLM, which would close its connection
  };

  CURLcode Add(CURL* easy, Transfer transfer);
  void Watch(curl_socket_t socket, int what);
  void ScheduleTimeouts(long timeout_ms);
  std::shared_ptr<SocketWatch> MakeWatch(curl_socket_t socket);
  void Act(curl_socket_t socket, int events);
  void ReportDone();

  const asio::any_io_executor loop_;
  CURLM* multi_;
  asio::steady_timer timer_;
  bool timeouts_posted_ = false;
  // Only while libcurl wants to hear of them.
  std::unordered_map<curl_socket_t, std::shared_ptr<SocketWatch>> sockets_;
  std::unordered_map<CURL*, Transfer> transfers_;
};

}  // namespace mutexd::http
