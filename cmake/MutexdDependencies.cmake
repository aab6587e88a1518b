# Libraries and tools from the system's packages; README.md says why each was chosen.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(CURL REQUIRED)
find_package(RapidJSON REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
if(MUTEXD_WITH_GRPC)
  find_package(gRPC REQUIRED)
  find_package(OpenSSL REQUIRED)
  find_package(CLI11 REQUIRED)
  find_library(MIMALLOC_LIBRARY mimalloc REQUIRED)
  find_package(spdlog REQUIRED)
  find_package(prometheus-cpp REQUIRED COMPONENTS core)
  find_package(yaml-cpp REQUIRED)
  pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
  pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
endif()

# google/rpc/*.proto: where the distribution keeps them, or a folder that the builder names.
find_path(GOOGLE_RPC_PROTO_DIR google/rpc/error_details.proto REQUIRED
  PATHS /usr/share/gocode/src/github.com/gogo/googleapis /usr/share/googleapis)
# grpc/channelz/v1/channelz.proto, grpc/health/v1/health.proto, grpc/reflection/v1/reflection.proto
# and v1alpha.
find_path(GRPC_PROTO_DIR grpc/reflection/v1/reflection.proto REQUIRED PATHS /usr/share/grpc-proto)
