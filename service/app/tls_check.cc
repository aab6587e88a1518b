#include "service/app/tls_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

// What OpenSSL has against it, such as "ee key too small".
std::string TakeReason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL does not say why" : reason;
}

// A certificate's time: it has no zone, and counts in UTC.
absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::StatusOr<std::vector<Certificate>> ReadCertificates(const std::string& text) {
  if (!absl::StrContains(text, "-----BEGIN ")) {
    return Bad("has no certificate; give a PEM file with -----BEGIN CERTIFICATE-----");
  }
  const Bio reader = Reader(text);
  std::vector<Certificate> certificates;
  while (X509* next = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(next);
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_the_end) {
    return Bad(absl::StrCat("has a certificate that cannot be read (", TakeReason(),
                            "); write the file again as a whole"));
  }
  ERR_clear_error();
  if (certificates.empty()) {
    return Bad("has no certificate; give a PEM file with -----BEGIN CERTIFICATE-----");
  }
  return certificates;
}

absl::Status CheckTime(const X509& certificate, absl::Time now) {
  const absl::Time begin = TimeOf(X509_get0_notBefore(&certificate));
  const absl::Time end = TimeOf(X509_get0_notAfter(&certificate));
  if (end <= now) {
    return Bad(
        absl::StrCat("has expired at ", absl::FormatTime(end, absl::UTCTimeZone()), "; renew it"));
  }
  if (begin > now) {
    return Bad(absl::StrCat("is not valid before ", absl::FormatTime(begin, absl::UTCTimeZone()),
                            "; check the clock, or wait"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Key> ReadKey(const std::string& text) {
  if (!absl::StrContains(text, "PRIVATE KEY-----")) {
    return Bad("has no key; give a PEM file with -----BEGIN PRIVATE KEY-----");
  }
  bool asked_for_password = false;
  const auto no_password = [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  };
  Key key(PEM_read_bio_PrivateKey(Reader(text).get(), nullptr, no_password, &asked_for_password));
  if (key != nullptr) return key;
  const std::string reason = TakeReason();
  if (asked_for_password) return Bad("is encrypted; give the key without a password");
  return Bad(absl::StrCat("has a key that cannot be read (", reason,
                          "); write the file again as a whole"));
}

// As gRPC will use them: this also finds what is too weak for TLS.
absl::Status CheckUse(X509& certificate) {
  const Context context(SSL_CTX_new(TLS_server_method()));
  if (context != nullptr && SSL_CTX_use_certificate(context.get(), &certificate) == 1) {
    return absl::OkStatus();
  }
  return Bad(absl::StrCat("cannot be used for TLS (", TakeReason(), "); give another certificate"));
}

}  // namespace

CertificateCheck CheckCertificate(const std::string& certificate_chain,
                                  const std::string& private_key, absl::Time now) {
  CertificateCheck check;
  const auto chain = ReadCertificates(certificate_chain);
  const auto key = ReadKey(private_key);
  check.certificate = chain.status();
  check.key = key.status();
  if (!chain.ok()) return check;
  X509& own = *chain->front();
  check.certificate = CheckTime(own, now);
  if (check.certificate.ok()) check.certificate = CheckUse(own);
  if (check.key.ok() && X509_check_private_key(&own, key->get()) != 1) {
    ERR_clear_error();
    check.key = Bad(
        "is not the key of the certificate; give the pair that belongs together, the server's own "
        "certificate first");
  }
  check.not_after = TimeOf(X509_get0_notAfter(&own));
  return check;
}

absl::Status CheckAuthorities(const std::string& authorities, absl::Time now) {
  const auto certificates = ReadCertificates(authorities);
  if (!certificates.ok()) return certificates.status();
  absl::Status status;
  for (const Certificate& certificate : *certificates) {
    status = CheckTime(*certificate, now);
    if (status.ok()) return status;
  }
  return status;
}

}  // namespace mutexd::app
