// Whether certificates and keys can be used, judged before gRPC sees them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::app {

// The end of the server's own certificate, which is the first in `certificate_chain`. All errors
// are what follows a file's name in a sentence, and say how to mend it.
struct CertificateCheck {
  absl::Status certificate;  // of the chain's file
  absl::Status key;          // of the key's file: unreadable, or not the certificate's
  absl::Time not_after;      // when both are fine
};
CertificateCheck CheckCertificate(const std::string& certificate_chain,
                                  const std::string& private_key, absl::Time now);

// That the text has certificates, all readable, of which one is in force.
absl::Status CheckAuthorities(const std::string& authorities, absl::Time now);

}  // namespace mutexd::app
