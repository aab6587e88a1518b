#include "service/rpc/reflection_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/unit/rpc/direct_channel.h"

namespace mutexd::rpc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

struct V1 {
  using Api = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct V1Alpha {
  using Api = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

template <typename Version>
class ReflectionServiceTest : public ::testing::Test {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionServiceTest() {
    auto server = GrpcServer::Start({}, nullptr, reflection_.services());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = Version::Api::NewStub(ChannelTo(*server_));
  }

  // Each request in turn on one stream.
  std::vector<Response> Ask(const std::vector<Request>& requests) {
    grpc::ClientContext context;
    auto stream = stub_->ServerReflectionInfo(&context);
    std::vector<Response> responses(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      EXPECT_TRUE(stream->Write(requests[i]));
      EXPECT_TRUE(stream->Read(&responses[i]));
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return responses;
  }

  Response AskForSymbol(const std::string& symbol) {
    Request request;
    request.set_file_containing_symbol(symbol);
    return Ask({request})[0];
  }

  static std::vector<std::string> FileNames(const Response& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  ReflectionService reflection_{{"mutexgroups.v1.MutexGroupService", "grpc.health.v1.Health"}};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<typename Version::Api::Stub> stub_;
};

using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionServiceTest, Versions);

TYPED_TEST(ReflectionServiceTest, ListsServicesWithItself) {
  typename TypeParam::Request request;
  request.set_list_services("*");
  std::vector<std::string> names;
  const auto response = this->Ask({request})[0];
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, ElementsAre("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                 "grpc.reflection.v1alpha.ServerReflection",
                                 "mutexgroups.v1.MutexGroupService"));
}

TYPED_TEST(ReflectionServiceTest, FindsEveryKindOfSymbol) {
  const std::pair<const char*, const char*> kSymbols[] = {
      {"mutexgroups.v1.MutexGroupService", "mutexgroups/v1/mutex_group_service.proto"},
      {"mutexgroups.v1.MutexGroupService.GetMutexGroup",
       "mutexgroups/v1/mutex_group_service.proto"},
      {"mutexgroups.v1.GetMutexGroupRequest", "mutexgroups/v1/mutex_group_service.proto"},
      {"mutexgroups.v1.MutexGroup", "mutexgroups/v1/mutex_group.proto"},
      {"mutexgroups.v1.MutexGroup.slots", "mutexgroups/v1/mutex_group.proto"},
      {"mutexgroups.v1.MutexGroup.State", "mutexgroups/v1/mutex_group.proto"},
      {"mutexgroups.v1.MutexGroup.STATE_ARCHIVED", "mutexgroups/v1/mutex_group.proto"},
      {"mutexgroups.v1.EVALUATION_MODE_REMOTE", "mutexgroups/v1/mutex_group.proto"},
      {"mutexgroups.v1.ErrorReason", "mutexgroups/v1/errors.proto"},
      {"mutexgroups.v1.ERROR_REASON_ETAG_MISMATCH", "mutexgroups/v1/errors.proto"},
      {"google.rpc.Status", "google/rpc/status.proto"},
      {"google.rpc.ErrorInfo", "google/rpc/error_details.proto"},
      {"google.rpc.ErrorInfo.MetadataEntry", "google/rpc/error_details.proto"},
      {"google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"},
      {"google.rpc.RetryInfo", "google/rpc/error_details.proto"},
      {"google.rpc.QuotaFailure", "google/rpc/error_details.proto"},
      {"google.rpc.ResourceInfo", "google/rpc/error_details.proto"},
      {"google.rpc.RequestInfo", "google/rpc/error_details.proto"},
      {"google.protobuf.Any", "google/protobuf/any.proto"},
      {"google.protobuf.Duration", "google/protobuf/duration.proto"},
      {"google.protobuf.Timestamp", "google/protobuf/timestamp.proto"},
      {"google.protobuf.FieldMask", "google/protobuf/field_mask.proto"},
      {"google.protobuf.Struct", "google/protobuf/struct.proto"},
      {"google.protobuf.NULL_VALUE", "google/protobuf/struct.proto"},
      {"google.protobuf.StringValue", "google/protobuf/wrappers.proto"},
      {"google.protobuf.Empty", "google/protobuf/empty.proto"},
      {"google.protobuf.FileDescriptorProto", "google/protobuf/descriptor.proto"},
      {"grpc.health.v1.Health", "grpc/health/v1/health.proto"},
      {"grpc.health.v1.Health.Watch", "grpc/health/v1/health.proto"},
      {"grpc.reflection.v1.ServerReflection", "grpc/reflection/v1/reflection.proto"},
      {"grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"},
  };
  for (const auto& [symbol, file] : kSymbols) {
    const auto response = this->AskForSymbol(symbol);
    const auto names = this->FileNames(response);
    ASSERT_FALSE(names.empty()) << symbol << ": " << response.ShortDebugString();
    EXPECT_EQ(names[0], file) << symbol;
  }
}

TYPED_TEST(ReflectionServiceTest, SendsAFileWithAllThatItNeeds) {
  typename TypeParam::Request request;
  request.set_file_by_filename("mutexgroups/v1/mutex_group_service.proto");
  const auto names = this->FileNames(this->Ask({request})[0]);
  EXPECT_EQ(names[0], "mutexgroups/v1/mutex_group_service.proto");
  EXPECT_THAT(
      names, IsSupersetOf({"mutexgroups/v1/mutex_group.proto", "google/protobuf/duration.proto",
                           "google/protobuf/field_mask.proto", "google/protobuf/timestamp.proto"}));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size())
      << "a file twice";
}

TYPED_TEST(ReflectionServiceTest, TellsTheNamesOfFieldsInJson) {
  const auto response = this->AskForSymbol("mutexgroups.v1.MutexGroup");
  google::protobuf::FileDescriptorProto file;
  ASSERT_TRUE(file.ParseFromString(response.file_descriptor_response().file_descriptor_proto(0)));
  std::string json_name;
  for (const auto& message : file.message_type()) {
    for (const auto& field : message.field()) {
      if (field.name() == "project_id") json_name = field.json_name();
    }
  }
  EXPECT_EQ(json_name, "projectId");
}

TYPED_TEST(ReflectionServiceTest, AnswersErrorsOnTheStreamAndGoesOn) {
  std::vector<typename TypeParam::Request> requests(6);
  requests[0].set_file_by_filename("no/such.proto");
  requests[1].set_file_containing_symbol("no.such.Symbol");
  requests[2].mutable_file_containing_extension()->set_containing_type("mutexgroups.v1.MutexGroup");
  requests[2].mutable_file_containing_extension()->set_extension_number(1000);
  requests[3].set_all_extension_numbers_of_type("no.such.Type");
  requests[4].set_host("h");  // asks for nothing
  requests[5].set_file_containing_symbol("");
  const auto responses = this->Ask(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(responses[i].error_response().error_code(),
              i == 4 ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::NOT_FOUND)
        << responses[i].ShortDebugString();
    EXPECT_NE(responses[i].error_response().error_message(), "");
    EXPECT_EQ(responses[i].original_request().SerializeAsString(), requests[i].SerializeAsString());
  }
  EXPECT_EQ(responses[4].valid_host(), "h");
}

TYPED_TEST(ReflectionServiceTest, KnowsTypesWithoutExtensions) {
  typename TypeParam::Request request;
  request.set_all_extension_numbers_of_type("mutexgroups.v1.MutexGroup");
  const auto response = this->Ask({request})[0];
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "mutexgroups.v1.MutexGroup");
  EXPECT_EQ(response.all_extension_numbers_response().extension_number_size(), 0);
}

TYPED_TEST(ReflectionServiceTest, ShutdownEndsOpenStreams) {
  grpc::ClientContext context;
  auto stream = this->stub_->ServerReflectionInfo(&context);
  typename TypeParam::Request request;
  request.set_list_services("");
  typename TypeParam::Response response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));

  this->reflection_.Shutdown();

  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  grpc::ClientContext late_context;
  auto late = this->stub_->ServerReflectionInfo(&late_context);
  EXPECT_EQ(late->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TYPED_TEST(ReflectionServiceTest, AStreamThatIsCancelledIsForgotten) {
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    auto stream = this->stub_->ServerReflectionInfo(&context);
    typename TypeParam::Request request;
    request.set_list_services("");
    ASSERT_TRUE(stream->Write(request));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // Returns at once only when no stream is left open.
  auto drained = std::async(std::launch::async, [&] { this->server_->Drain(absl::Minutes(5)); });
  EXPECT_EQ(drained.wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

}  // namespace
}  // namespace mutexd::rpc
