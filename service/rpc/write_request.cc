#include "service/rpc/write_request.h"

#include "mutexgroups/v1/mutex_group_service.pb.h"

namespace mutexd::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* Field(const Message& message, const char* name,
                             FieldDescriptor::CppType type) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  const bool fits = field != nullptr && !field->is_repeated() && field->cpp_type() == type;
  return fits ? field : nullptr;
}

std::string Text(const Message& message, const char* name) {
  const auto* field = Field(message, name, FieldDescriptor::CPPTYPE_STRING);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

}  // namespace

std::string MutexGroupIdOf(const Message& request) {
  // An id in the group of a create is ignored.
  const auto* create = ::mutexgroups::v1::CreateMutexGroupRequest::descriptor();
  if (request.GetDescriptor() == create) return "";
  const auto* group = Field(request, "mutex_group", FieldDescriptor::CPPTYPE_MESSAGE);
  if (group == nullptr) return Text(request, "mutex_group_id");
  return Text(request.GetReflection()->GetMessage(request, group), "id");
}

bool IsValidateOnly(const Message& request) {
  const auto* field = Field(request, "validate_only", FieldDescriptor::CPPTYPE_BOOL);
  return field != nullptr && request.GetReflection()->GetBool(request, field);
}

}  // namespace mutexd::rpc
