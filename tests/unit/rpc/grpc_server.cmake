# The parts of service/rpc that need nothing but gRPC itself.
mutexd_test(grpc_server_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/grpc_server_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/health_service_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/peer_sockets_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/reflection_service_test.cc
  LINKS mutexd_rpc)
