# The published service config as a header, in `mutexgroups_private_include_dir`: for the project's own build and for
# the package.

set(service_config ${CMAKE_CURRENT_LIST_DIR}/../../proto/mutexgroups/v1/service_config.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${service_config})
file(READ ${service_config} MUTEXGROUPS_SERVICE_CONFIG)
set(mutexgroups_private_include_dir ${CMAKE_CURRENT_BINARY_DIR}/generated)
configure_file(${CMAKE_CURRENT_LIST_DIR}/mutexgroups/published_service_config.h.in
  ${mutexgroups_private_include_dir}/mutexgroups/published_service_config.h @ONLY)
