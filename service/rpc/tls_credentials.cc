#include "service/rpc/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/grpcpp.h>

#include <utility>

namespace mutexd::rpc {
namespace {

// Brings the material to gRPC, which asks at every handshake, one at a time.
class Fetcher {
 public:
  explicit Fetcher(std::shared_ptr<const TlsMaterialSource> source) : source_(std::move(source)) {}

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<Fetcher*>(self)->Fetch(config);
  }

 private:
  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    const TlsMaterialSource::Version version = source_->Current();
    if (version.number == fetched_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const TlsMaterial& material = *version.material;
    const grpc_ssl_pem_key_cert_pair pair{material.private_key.c_str(),
                                          material.certificate_chain.c_str()};
    // gRPC 1.51 insists on authorities, although it has none to check when it asks for no
    // certificates.
    const std::string& authorities =
        material.client_ca.empty() ? material.certificate_chain : material.client_ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    fetched_ = version.number;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<const TlsMaterialSource> source_;
  std::uint64_t fetched_ = 0;
};

grpc_server_credentials* MakeCredentials(const TlsMaterialSource& source, Fetcher* fetcher) {
  const bool ask = !source.Current().material->client_ca.empty();
  return grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          ask ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
              : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
          Fetcher::Fetch, fetcher));
}

// gRPC has the fetcher in its C interface only.
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 54
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(std::shared_ptr<const TlsMaterialSource> source)
      : fetcher_(source), credentials_(MakeCredentials(*source, &fetcher_)) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  Fetcher fetcher_;
  grpc_server_credentials* const credentials_;
};
#else
class TlsCredentials final : private Fetcher, public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(std::shared_ptr<const TlsMaterialSource> source)
      : Fetcher(source), ServerCredentials(MakeCredentials(*source, this)) {}
};
#endif

}  // namespace

TlsMaterialSource::TlsMaterialSource(TlsMaterial material) { Publish(std::move(material)); }

void TlsMaterialSource::Publish(TlsMaterial material) {
  auto published = std::make_shared<const TlsMaterial>(std::move(material));
  const std::lock_guard lock(mutex_);
  current_ = {current_.number + 1, std::move(published)};
}

TlsMaterialSource::Version TlsMaterialSource::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(
    std::shared_ptr<const TlsMaterialSource> source) {
  return std::make_shared<TlsCredentials>(std::move(source));
}

}  // namespace mutexd::rpc
