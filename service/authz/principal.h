// Callers, by the names that they are known under, and the patterns of a policy that name them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace mutexd::authz {

// One caller. Views of what its connection has shown; empty where it has shown nothing of the kind.
struct Principal {
  absl::string_view spiffe_id;              // "spiffe://example.org/ns/shop"
  absl::Span<const std::string> dns_names;  // of its certificate
  absl::string_view subject;                // of its certificate
  absl::string_view listener;               // the identity of the listener that it came through

  bool anonymous() const {
    return spiffe_id.empty() && dns_names.empty() && subject.empty() && listener.empty();
  }
};

// Which kind of name a text is, and the name. The kind is always said, so that a name of one kind
// never passes for one of another.
struct PrincipalName {
  enum class Kind { kSpiffe, kDns, kSubject, kListener, kAnonymous, kAnyNamed };
  Kind kind = Kind::kAnonymous;
  std::string text;  // without the kind's prefix, but for a SPIFFE id

  bool operator==(const PrincipalName&) const = default;
};

// A pattern such as "spiffe://example.org/ns/*", "dns:*.example.org", "subject:CN=deployer",
// "listener:local", "anonymous", or "*" for every caller that is not anonymous. The error says what
// is wrong and how to mend it.
absl::StatusOr<PrincipalName> ParsePrincipalPattern(absl::string_view text);

// One caller's name, in the same forms but without patterns.
absl::StatusOr<PrincipalName> ParsePrincipalName(absl::string_view text);

// Whether one of the caller's names of that kind fits the pattern. DNS names are compared without
// regard to case, all else exactly.
bool Matches(const PrincipalName& pattern, const Principal& caller);

}  // namespace mutexd::authz
