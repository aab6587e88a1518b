#include "service/authz/rpcs.h"

#include <algorithm>
#include <iterator>

namespace mutexd::authz {
namespace {

constexpr Rpc kRpcs[] = {
    {"ListMutexGroups", false},  {"GetMutexGroup", false},     {"BatchGetMutexGroups", false},
    {"CreateMutexGroup", true},  {"UpdateMutexGroup", true},   {"UpdateSlot", true},
    {"AddSlotMembers", true},    {"RemoveSlotMembers", true},  {"MoveSlotMembers", true},
    {"ArchiveMutexGroup", true}, {"UnarchiveMutexGroup", true}};

}  // namespace

absl::Span<const Rpc> Rpcs() { return kRpcs; }

const Rpc* FindRpc(absl::string_view name) {
  const auto* const found = std::find_if(std::begin(kRpcs), std::end(kRpcs),
                                         [name](const Rpc& rpc) { return rpc.name == name; });
  return found == std::end(kRpcs) ? nullptr : found;
}

absl::string_view KindOf(const Rpc& rpc) { return rpc.is_write ? "write" : "read"; }

}  // namespace mutexd::authz
