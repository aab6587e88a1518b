#include "service/authz/principal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/authz/glob.h"

namespace mutexd::authz {
namespace {

using Kind = PrincipalName::Kind;

constexpr absl::string_view kSpiffePrefix = "spiffe://";
constexpr std::pair<absl::string_view, Kind> kPrefixes[] = {
    {"dns:", Kind::kDns}, {"subject:", Kind::kSubject}, {"listener:", Kind::kListener}};

absl::Status Unknown() {
  return absl::InvalidArgumentError(
      "does not say which kind of name it is; write spiffe://…, dns:…, subject:…, listener:…, "
      "anonymous, or * for every caller with a name");
}

// A star in the trust domain would take ids from whoever may choose one.
absl::Status CheckTrustDomain(absl::string_view spiffe_id) {
  const absl::string_view rest = spiffe_id.substr(kSpiffePrefix.size());
  const absl::string_view trust_domain = rest.substr(0, rest.find('/'));
  if (trust_domain.empty()) {
    return absl::InvalidArgumentError(
        "has no trust domain; write it as spiffe://example.org/workload");
  }
  if (trust_domain.find('*') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "has a * in the trust domain; write the trust domain out, and a * behind it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PrincipalName> ParsePrincipalPattern(absl::string_view text) {
  if (text == "*") return PrincipalName{Kind::kAnyNamed, ""};
  if (text == "anonymous") return PrincipalName{Kind::kAnonymous, ""};
  if (text.substr(0, kSpiffePrefix.size()) == kSpiffePrefix) {
    const absl::Status status = CheckTrustDomain(text);
    if (!status.ok()) return status;
    return PrincipalName{Kind::kSpiffe, std::string(text)};
  }
  for (const auto& [prefix, kind] : kPrefixes) {
    absl::string_view name = text;
    if (!absl::ConsumePrefix(&name, prefix)) continue;
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has no name; write it behind ", prefix, " or write ", prefix, "* for any"));
    }
    return PrincipalName{kind,
                         kind == Kind::kDns ? absl::AsciiStrToLower(name) : std::string(name)};
  }
  return Unknown();
}

absl::StatusOr<PrincipalName> ParsePrincipalName(absl::string_view text) {
  absl::StatusOr<PrincipalName> name = ParsePrincipalPattern(text);
  if (!name.ok()) return name;
  if (name->kind == Kind::kAnyNamed || name->text.find('*') != std::string::npos) {
    return absl::InvalidArgumentError("is a pattern; give the name of one caller");
  }
  return name;
}

bool Matches(const PrincipalName& pattern, const Principal& caller) {
  const auto fits = [&pattern](absl::string_view name) {
    return !name.empty() && GlobMatches(pattern.text, name);
  };
  switch (pattern.kind) {
    case Kind::kSpiffe:
      return fits(caller.spiffe_id);
    case Kind::kDns:
      return std::any_of(
          caller.dns_names.begin(), caller.dns_names.end(),
          [&fits](const std::string& name) { return fits(absl::AsciiStrToLower(name)); });
    case Kind::kSubject:
      return fits(caller.subject);
    case Kind::kListener:
      return fits(caller.listener);
    case Kind::kAnonymous:
      return caller.anonymous();
    case Kind::kAnyNamed:
      return !caller.anonymous();
  }
  return false;
}

}  // namespace mutexd::authz
