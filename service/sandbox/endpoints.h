// The five endpoints as a function from a request to a reply: keys, limits, paths, status codes.
//
// Knows nothing of sockets. Documented are the paths and 200, 400, 401, 403 and 429; chosen here
// are 404 for what does not exist, 409 for a taken key, 413 for an oversized body, and the form of
// errors:
// {"error": {"http_code": 404, "type": "not_found", "message": "…"}}.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "service/sandbox/access_keys.h"
#include "service/sandbox/group_store.h"
#include "service/sandbox/quota_windows.h"

namespace mutexd::sandbox {

struct ApiRequest {
  std::string method;
  std::string path;  // percent-decoded, without the query
  std::multimap<std::string, std::string> query;
  std::string authorization;
  std::string content_type;
  std::string host;  // the Host header: a create's reply points back to where it was sent
  std::string body;
};

struct ApiReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// An error in the form described above.
ApiReply ErrorReply(int status, absl::string_view message);

struct EndpointsOptions {
  // What a group's first slot is called in the path. Not documented; 1 is `index` in the replies.
  int slot_index_base = 1;
};

// Thread-safe, as what it refers to is. References are kept.
class Endpoints {
 public:
  Endpoints(EndpointsOptions options, const AccessKeys& keys, QuotaWindows& quota,
            GroupStore& store);

  // Checks the key, then the limits, and only then what is asked.
  ApiReply Handle(const ApiRequest& request) const;

 private:
  ApiReply Route(const ApiRequest& request) const;
  ApiReply List(const ApiRequest& request) const;
  ApiReply Get(absl::string_view id) const;
  ApiReply Create(const ApiRequest& request) const;
  ApiReply Edit(absl::string_view id, const ApiRequest& request) const;
  ApiReply EditSlot(absl::string_view id, absl::string_view slot, const ApiRequest& request) const;

  const EndpointsOptions options_;
  const AccessKeys& keys_;
  QuotaWindows& quota_;
  GroupStore& store_;
};

}  // namespace mutexd::sandbox
