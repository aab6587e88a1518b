# What is installed where, and the Debian package of it: cpack -G DEB --config CPackConfig.cmake in the build folder.

include(CMakePackageConfigHelpers)

set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mutexgroups)
set(shared_folder ${CMAKE_INSTALL_DATADIR}/mutexgroups)
set(document_folder ${CMAKE_INSTALL_DATADIR}/doc/libmutexgroups-dev)

install(TARGETS mutexgroups EXPORT mutexgroups)
install(EXPORT mutexgroups NAMESPACE mutexgroups:: DESTINATION ${cmake_folder}
  FILE mutexgroups-targets.cmake)
configure_package_config_file(mutexgroups-config.cmake.in mutexgroups-config.cmake
  INSTALL_DESTINATION ${cmake_folder} PATH_VARS shared_folder)
write_basic_package_version_file(mutexgroups-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mutexgroups-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/mutexgroups-config-version.cmake
  DESTINATION ${cmake_folder})

set(mutexgroups_headers
  address.h client.h client_options.h error.h pages.h request_id.h result.h service_config.h)
list(TRANSFORM mutexgroups_headers PREPEND ../mutexgroups/)
install(FILES ${mutexgroups_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mutexgroups)
install(DIRECTORY ${api}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${bundled}/ DESTINATION ${bundled_folder} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${MUTEXGROUPS_PROTO_DIR}/mutexgroups DESTINATION ${shared_folder}/proto)
install(FILES ../README.md ../examples/quickstart.cc DESTINATION ${document_folder})
install(FILES ../../../LICENSE DESTINATION ${document_folder} RENAME copyright)

# Relative to the file, so that --prefix can be given when it is installed.
file(RELATIVE_PATH prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
set(private_requires "absl_strings libcrypto")
if(BUILD_SHARED_LIBS)
  set(requires_of_static)
  set(requires_of_shared ${private_requires})
else()
  # Whoever links the archive links all that it is of.
  set(requires_of_static ${private_requires})
  set(requires_of_shared)
endif()
configure_file(mutexgroups.pc.in mutexgroups.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mutexgroups.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libmutexgroups-dev)
set(CPACK_PACKAGE_CONTACT "The maintainers of mutexd <mutexd@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libgrpc++-dev, libprotobuf-dev, libabsl-dev, libssl-dev")
include(CPack)
