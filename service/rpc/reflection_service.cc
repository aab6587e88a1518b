#include "service/rpc/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace mutexd::rpc {
namespace {

namespace pb = ::google::protobuf;

// Files whose symbols can be asked for before anything else has needed the file. The pool reads
// linked files on demand, but finds one by a message, enum, service or extension only: not by the
// value of an enum.
constexpr const char* kStandardFiles[] = {
    "google/protobuf/any.proto",        "google/protobuf/api.proto",
    "google/protobuf/descriptor.proto", "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",      "google/protobuf/field_mask.proto",
    "google/protobuf/struct.proto",     "google/protobuf/source_context.proto",
    "google/protobuf/timestamp.proto",  "google/protobuf/type.proto",
    "google/protobuf/wrappers.proto",   "google/rpc/error_details.proto",
    "google/rpc/status.proto",          "mutexgroups/v1/errors.proto",
};

void AppendWithDependencies(const pb::FileDescriptor& file, std::set<std::string>& seen,
                            std::vector<std::string>& encoded) {
  if (!seen.insert(file.name()).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  file.CopyJsonNameTo(&proto);  // grpcurl takes the names in its JSON from there
  encoded.push_back(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AppendWithDependencies(*file.dependency(i), seen, encoded);
  }
}

// Answers requests; the same for both versions of the protocol, whose messages are alike.
class Answerer {
 public:
  explicit Answerer(std::vector<std::string> service_names) : names_(std::move(service_names)) {
    std::sort(names_.begin(), names_.end());
    for (const char* file : kStandardFiles) pool_.FindFileByName(file);
    for (const std::string& name : names_) pool_.FindServiceByName(name);
  }

  template <typename Request, typename Response>
  void Answer(const Request& request, Response& response) const {
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        AnswerFile(pool_.FindFileByName(request.file_by_filename()),
                   absl::StrCat("file not found: ", request.file_by_filename()), response);
        break;
      case Request::kFileContainingSymbol:
        AnswerFile(pool_.FindFileContainingSymbol(request.file_containing_symbol()),
                   absl::StrCat("symbol not found: ", request.file_containing_symbol()), response);
        break;
      case Request::kFileContainingExtension:
        AnswerExtension(request.file_containing_extension(), response);
        break;
      case Request::kAllExtensionNumbersOfType:
        AnswerExtensionNumbers(request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : names_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case Request::MESSAGE_REQUEST_NOT_SET:
        AnswerError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", response);
        break;
    }
  }

 private:
  template <typename Response>
  static void AnswerError(grpc::StatusCode code, const std::string& message, Response& response) {
    response.mutable_error_response()->set_error_code(code);
    response.mutable_error_response()->set_error_message(message);
  }

  template <typename Response>
  static void AnswerFile(const pb::FileDescriptor* file, const std::string& not_found,
                         Response& response) {
    if (file == nullptr) {
      AnswerError(grpc::StatusCode::NOT_FOUND, not_found, response);
      return;
    }
    std::set<std::string> seen;
    std::vector<std::string> encoded;
    AppendWithDependencies(*file, seen, encoded);
    for (std::string& proto : encoded) {
      response.mutable_file_descriptor_response()->add_file_descriptor_proto(std::move(proto));
    }
  }

  template <typename Extension, typename Response>
  void AnswerExtension(const Extension& wanted, Response& response) const {
    const pb::Descriptor* type = pool_.FindMessageTypeByName(wanted.containing_type());
    const pb::FieldDescriptor* extension =
        type == nullptr ? nullptr : pool_.FindExtensionByNumber(type, wanted.extension_number());
    AnswerFile(extension == nullptr ? nullptr : extension->file(),
               absl::StrCat("extension not found: ", wanted.extension_number(), " of ",
                            wanted.containing_type()),
               response);
  }

  template <typename Response>
  void AnswerExtensionNumbers(const std::string& type_name, Response& response) const {
    const pb::Descriptor* type = pool_.FindMessageTypeByName(type_name);
    if (type == nullptr) {
      AnswerError(grpc::StatusCode::NOT_FOUND, absl::StrCat("type not found: ", type_name),
                  response);
      return;
    }
    auto& numbers = *response.mutable_all_extension_numbers_response();
    numbers.set_base_type_name(type_name);
    std::vector<const pb::FieldDescriptor*> extensions;
    pool_.FindAllExtensions(type, &extensions);
    for (const pb::FieldDescriptor* extension : extensions) {
      numbers.add_extension_number(extension->number());
    }
  }

  const pb::DescriptorPool& pool_ = *pb::DescriptorPool::generated_pool();
  std::vector<std::string> names_;
};

// The service of one version of the protocol.
template <typename Api>
class VersionedService final : public AsyncService {
 public:
  using Request = typename Api::Request;
  using Response = typename Api::Response;

  explicit VersionedService(const Answerer& answerer) : answerer_(answerer) {}

  grpc::Service& service() override { return generated_; }
  void Serve(CallSource& source) override { Stream::Await(*this, source); }

  void Shutdown() {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    // Those that end leave the set.
    for (Stream* stream : std::vector<Stream*>(streams_.begin(), streams_.end())) {
      stream->End(ShuttingDown());
    }
  }

 private:
  static grpc::Status ShuttingDown() {
    return {grpc::StatusCode::UNAVAILABLE, "the server is shutting down"};
  }

  // Reads a request, answers it, and so on until the caller is done.
  class Stream final : public AsyncCall {
   public:
    static void Await(VersionedService& service, CallSource& source) {
      const auto stream = std::make_shared<Stream>(service, source);
      service.generated_.RequestServerReflectionInfo(
          &stream->context_, &stream->stream_, &source.queue, &source.queue, stream->ArrivalTag());
    }

    Stream(VersionedService& service, CallSource& source) : AsyncCall(source), service_(service) {}

    // Under the service's mutex. At once, or when what is being written has been written.
    void End(const grpc::Status& status) {
      if (!status_) status_ = status;
      if (writing_ || std::exchange(finished_, true)) return;
      service_.streams_.erase(this);
      stream_.Finish(*status_, EndTag());
    }

   private:
    void AwaitAnother() override { Await(service_, source_); }

    void OnArrived() override {
      const std::lock_guard lock(service_.mutex_);
      service_.streams_.insert(this);
      if (service_.shut_down_) {
        End(ShuttingDown());
      } else {
        Read();
      }
    }

    void Read() { stream_.Read(&request_, read_.Begin(this->shared_from_this())); }

    void OnRead(bool ok) {
      if (ok) {
        response_.Clear();
        service_.answerer_.Answer(request_, response_);
      }
      const std::lock_guard lock(service_.mutex_);
      if (!ok) {
        End(grpc::Status::OK);
      } else if (!finished_) {
        writing_ = true;
        stream_.Write(response_, wrote_.Begin(this->shared_from_this()));
      }
    }

    void OnWritten(bool ok) {
      const std::lock_guard lock(service_.mutex_);
      writing_ = false;
      if (status_) {
        End(*status_);
      } else if (!ok) {
        End({grpc::StatusCode::CANCELLED, "the caller has gone"});
      } else {
        Read();
      }
    }

    VersionedService& service_;
    grpc::ServerAsyncReaderWriter<Response, Request> stream_{&context_};
    AsyncOperation read_{[this](bool ok) { OnRead(ok); }};
    AsyncOperation wrote_{[this](bool ok) { OnWritten(ok); }};

    Request request_;
    Response response_;
    bool writing_ = false;
    std::optional<grpc::Status> status_;  // once the stream shall end
    bool finished_ = false;
  };

  const Answerer& answerer_;
  typename Api::Generated::AsyncService generated_;
  std::mutex mutex_;
  bool shut_down_ = false;
  std::set<Stream*> streams_;  // those that have not ended; each has an operation under way
};

struct V1 {
  using Generated = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};

struct V1Alpha {
  using Generated = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

std::vector<std::string> WithReflection(std::vector<std::string> names) {
  names.emplace_back(V1::Generated::service_full_name());
  names.emplace_back(V1Alpha::Generated::service_full_name());
  return names;
}

}  // namespace

class ReflectionService::Impl {
 public:
  explicit Impl(std::vector<std::string> service_names)
      : answerer_(WithReflection(std::move(service_names))) {}

  void Shutdown() {
    v1_.Shutdown();
    v1alpha_.Shutdown();
  }

  std::vector<AsyncService*> services() { return {&v1_, &v1alpha_}; }

 private:
  const Answerer answerer_;
  VersionedService<V1> v1_{answerer_};
  VersionedService<V1Alpha> v1alpha_{answerer_};
};

ReflectionService::ReflectionService(std::vector<std::string> service_names)
    : impl_(std::make_unique<Impl>(std::move(service_names))) {}
ReflectionService::~ReflectionService() = default;

void ReflectionService::Shutdown() { impl_->Shutdown(); }
std::vector<AsyncService*> ReflectionService::services() { return impl_->services(); }

}  // namespace mutexd::rpc
