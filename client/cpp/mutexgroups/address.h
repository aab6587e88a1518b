// Addresses of the service, as users write them: `host:port`, `[::1]:50051`,
// `unix:/run/mutexd.sock`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mutexgroups {

// Where `mutexd` listens when nobody says otherwise.
inline constexpr std::string_view kDefaultServer = "127.0.0.1:50051";

// What is wrong with the address and how to mend it; nothing where it can be dialled. Names of gRPC
// (`dns:///host:port`, `ipv4:…`, `ipv6:…`, `unix-abstract:…`) are allowed too.
std::optional<std::string> AddressProblem(std::string_view address);

// Whether what is sent there stays on this machine.
bool IsLocal(std::string_view address);

}  // namespace mutexgroups
