// Reads replies that have been serialized for callers.
#pragma once

#include <gtest/gtest.h>

#include "absl/status/statusor.h"
#include "service/amplitude/shared_bytes.h"

namespace mutexd::fakes {

template <typename Response>
Response Parsed(const amplitude::SharedBytes& reply) {
  Response response;
  EXPECT_TRUE(reply) << "no reply";
  EXPECT_TRUE(response.ParseFromArray(reply.view().data(), static_cast<int>(reply.size())));
  return response;
}

template <typename Response>
absl::StatusOr<Response> Parsed(const absl::StatusOr<amplitude::SharedBytes>& reply) {
  if (!reply.ok()) return reply.status();
  return Parsed<Response>(*reply);
}

}  // namespace mutexd::fakes
