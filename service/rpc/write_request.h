// What all requests of writes have in common, asked of one without knowing its type.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace mutexd::rpc {

// The id of the group that the request is to change; empty for a create, which has none yet.
std::string MutexGroupIdOf(const google::protobuf::Message& request);

// Whether it only asks what would happen.
bool IsValidateOnly(const google::protobuf::Message& request);

}  // namespace mutexd::rpc
