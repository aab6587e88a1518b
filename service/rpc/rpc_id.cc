#include "service/rpc/rpc_id.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace mutexd::rpc {
namespace {

constexpr std::size_t kMaxIdBytes = 128;

std::mt19937_64 SeededGenerator() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

std::string RpcId(absl::string_view from_caller) {
  const bool fit = !from_caller.empty() && from_caller.size() <= kMaxIdBytes &&
                   std::all_of(from_caller.begin(), from_caller.end(), [](char c) {
                     return absl::ascii_isgraph(static_cast<unsigned char>(c));
                   });
  if (fit) return std::string(from_caller);
  // Ids need to differ, not to be secret.
  thread_local std::mt19937_64 generator = SeededGenerator();
  return absl::StrCat(absl::Hex(generator(), absl::kZeroPad16),
                      absl::Hex(generator(), absl::kZeroPad16));
}

}  // namespace mutexd::rpc
