// Who calls.
#pragma once

#include <string>
#include <vector>

namespace mutexd::rpc {

// What the caller's certificate says, which has been verified, and by which listener the call came.
struct CallerIdentity {
  std::string spiffe_id;               // the certificate's only URI, where it is a SPIFFE ID
  std::vector<std::string> dns_names;  // its alternative names
  std::string subject;                 // its common name; without one, the whole subject
  std::string listener;                // ListenerTraits::identity

  // The name for logs, for the queue's turns and for the audit trail: the first of the above that
  // there is, empty for an anonymous caller. Rules about who may do what should ask for one kind of
  // name, as a certificate may have a name that is also a listener's.
  std::string Name() const;
};

}  // namespace mutexd::rpc
