# What is installed where, and the Debian package of it: cpack -G DEB --config build/release/CPackConfig.cmake
#
# Paths are below the root of the file system, so that `cmake --install build/release --prefix DIR` gives the
# root of an image.

set(component mutexd)
set(manual ${CMAKE_SOURCE_DIR}/deploy/debian)
set(documents usr/share/doc/mutexd)

install(TARGETS mutexd mutexctl mutexd-sandbox RUNTIME DESTINATION usr/bin COMPONENT ${component})
install(FILES ${CMAKE_SOURCE_DIR}/deploy/systemd/mutexd.service
  DESTINATION usr/lib/systemd/system COMPONENT ${component})
install(FILES ${manual}/mutexd.toml DESTINATION etc/mutexd COMPONENT ${component})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE
  DESTINATION ${documents} RENAME copyright COMPONENT ${component})
# As they lie here, so that the links between them hold.
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/SECURITY.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${documents} COMPONENT ${component})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs
  DESTINATION ${documents} COMPONENT ${component} FILES_MATCHING PATTERN "*.md" PATTERN images EXCLUDE)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/deploy/prometheus ${CMAKE_SOURCE_DIR}/deploy/grafana
                  ${CMAKE_SOURCE_DIR}/deploy/envoy
  DESTINATION ${documents}/examples COMPONENT ${component})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/mutexgroups
  DESTINATION usr/share/mutexd/proto COMPONENT ${component} FILES_MATCHING PATTERN "*.proto")

# Made when it is installed, from the programs as they are then.
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  file(MAKE_DIRECTORY \"\${folder}/${documents}\" \"\${folder}/usr/share/man/man1\")
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/sbom ${CMAKE_BINARY_DIR} mutexd mutexctl mutexd-sandbox
    OUTPUT_FILE \"\${folder}/${documents}/mutexd.cdx.json\"
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND gzip -9nc ${manual}/mutexd.1
    OUTPUT_FILE \"\${folder}/usr/share/man/man1/mutexd.1.gz\"
    COMMAND_ERROR_IS_FATAL ANY)
" COMPONENT ${component})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mutexd)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The maintainers of mutexd <mutexd@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "gRPC gateway in front of Amplitude's mutex groups")
set(CPACK_PACKAGE_DESCRIPTION
  "A service that lets backends in any language read and change the mutex groups\n"
  "of Amplitude Experiment by gRPC, the command line mutexctl, and an emulator\n"
  "of Amplitude's endpoints to try things out.")
list(JOIN CPACK_PACKAGE_DESCRIPTION "" CPACK_PACKAGE_DESCRIPTION)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_COMPONENTS_ALL ${component})
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME mutexd)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${manual}/conffiles ${manual}/postinst ${manual}/prerm ${manual}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
