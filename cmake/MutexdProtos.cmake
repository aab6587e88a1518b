# C++ code from .proto files: for the project's own build, and for the client's package.

# google/rpc/*.proto: where the distribution keeps them, or a folder that the builder names.
find_path(GOOGLE_RPC_PROTO_DIR google/rpc/error_details.proto REQUIRED
  PATHS /usr/share/gocode/src/github.com/gogo/googleapis /usr/share/googleapis)
# grpc/channelz/v1/channelz.proto, grpc/health/v1/health.proto, grpc/reflection/v1/reflection.proto
# and v1alpha.
find_path(GRPC_PROTO_DIR grpc/reflection/v1/reflection.proto REQUIRED PATHS /usr/share/grpc-proto)
# The project's own.
get_filename_component(MUTEXGROUPS_PROTO_DIR ${CMAKE_CURRENT_LIST_DIR}/../proto ABSOLUTE)

# mutexd_generate(SOURCES_OUT FOLDER DIR PROTOS… [GRPC]): adds to the variable the sources and headers that are
# made in FOLDER of the messages, or with GRPC the services, of protos under DIR.
function(mutexd_generate sources_out folder)
  cmake_parse_arguments(arg "GRPC" "DIR" "PROTOS" ${ARGN})
  file(MAKE_DIRECTORY ${folder})
  if(arg_GRPC)
    find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  endif()
  set(sources ${${sources_out}})
  foreach(proto ${arg_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    if(arg_GRPC)
      set(outputs ${folder}/${stem}.grpc.pb.cc ${folder}/${stem}.grpc.pb.h)
      set(flags --grpc_out=${folder} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    else()
      set(outputs ${folder}/${stem}.pb.cc ${folder}/${stem}.pb.h)
      set(flags --cpp_out=${folder})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc -I ${arg_DIR} -I ${MUTEXGROUPS_PROTO_DIR} ${flags} ${proto}
      DEPENDS ${arg_DIR}/${proto}
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  set(${sources_out} ${sources} PARENT_SCOPE)
endfunction()
