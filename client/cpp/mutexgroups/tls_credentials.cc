#include "mutexgroups/tls_credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mutexgroups/file_content.h"
#include "mutexgroups/option_names.h"

namespace mutexgroups {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Error Invalid(std::string message) {
  Error error;
  error.code = grpc::StatusCode::INVALID_ARGUMENT;
  error.message = std::move(message);
  return error;
}

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

// Reads the file into `pem`; nothing where no file is given.
std::optional<Error> Read(const char* option, const std::string& path, std::string& pem) {
  if (path.empty()) return std::nullopt;
  const auto why = ReadFile(path, pem);
  if (!why) return std::nullopt;
  return Invalid(absl::StrCat(option, ": cannot read ", path, ": ", *why, "; name a PEM file"));
}

Certificate FirstCertificate(const std::string& pem) {
  const auto bio = Open(pem);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free};
}

Key PrivateKey(const std::string& pem) {
  const auto bio = Open(pem);
  // OpenSSL would ask for a password on the terminal.
  auto no_password = [](char*, int, int, void*) { return -1; };
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr), &EVP_PKEY_free};
}

bool IsPair(const std::string& certificate_pem, const std::string& key_pem) {
  const auto certificate = FirstCertificate(certificate_pem);
  const auto key = PrivateKey(key_pem);
  return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

}  // namespace

Result<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const ClientOptions& options) {
  grpc::SslCredentialsOptions pem;
  if (auto error = Read(kTlsCaFile, options.tls_ca_file, pem.pem_root_certs)) return *error;
  if (auto error = Read(kTlsCertFile, options.tls_cert_file, pem.pem_cert_chain)) return *error;
  if (auto error = Read(kTlsKeyFile, options.tls_key_file, pem.pem_private_key)) return *error;
  const bool roots_are_bad = !options.tls_ca_file.empty() && !FirstCertificate(pem.pem_root_certs);
  const bool pair_is_bad =
      !options.tls_cert_file.empty() && !IsPair(pem.pem_cert_chain, pem.pem_private_key);
  // What OpenSSL noted of the files is nobody else's.
  ERR_clear_error();
  if (roots_are_bad) {
    return Invalid(
        absl::StrCat(kTlsCaFile, ": ", options.tls_ca_file, " has no certificates in PEM"));
  }
  if (pair_is_bad) {
    return Invalid(absl::StrCat(kTlsCertFile, ", ", kTlsKeyFile, ": ", options.tls_cert_file,
                                " and ", options.tls_key_file,
                                " are not a certificate and its key in PEM, without a password"));
  }
  return grpc::SslCredentials(pem);
}

}  // namespace mutexgroups
