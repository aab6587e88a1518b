# How everything is compiled: standard, warnings, sanitizers, compiler cache, output folders, and the
# two functions by which each folder declares its target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header is only cached with these.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# What every target of the project is compiled with.
add_library(mutexd_options INTERFACE)
target_include_directories(mutexd_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(mutexd_options INTERFACE
  ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_HAS_CO_AWAIT RAPIDJSON_HAS_STDSTRING=1)
target_compile_options(mutexd_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wno-missing-field-initializers -Werror)
# gRPC asks for it where it is linked, and the precompiled header must be compiled alike.
target_compile_options(mutexd_options INTERFACE -pthread)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(mutexd_options INTERFACE -fpch-preprocess -Winvalid-pch)
endif()
if(MUTEXD_SANITIZE)
  add_compile_options(-fsanitize=${MUTEXD_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUTEXD_SANITIZE})
  if(MUTEXD_SANITIZE MATCHES undefined)
    # It opens pipes to look at objects, and takes a lack of descriptors, which tests bring about, for
    # a bad object.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(MUTEXD_SANITIZE MATCHES thread)
    add_compile_definitions(ASIO_DISABLE_FENCED_BLOCK)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers g++ 12 sees uninitialized values in headers of the standard library, and takes
    # the frames of Asio's coroutines for allocated in another way than they are freed.
    target_compile_options(mutexd_options INTERFACE
      -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
    if(MUTEXD_SANITIZE MATCHES thread)
      # That build is optimized, where it sees texts that are added to others out of their bounds.
      target_compile_options(mutexd_options INTERFACE -Wno-array-bounds -Wno-restrict)
    endif()
  endif()
endif()
if(MUTEXD_COVERAGE)
  add_compile_options(--coverage -fprofile-abs-path -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

# The one precompiled header, reused by every target of the project.
add_library(mutexd_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
target_precompile_headers(mutexd_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
target_link_libraries(mutexd_pch PUBLIC mutexd_options)

# mutexd_library(NAME SOURCES … LINKS …): a folder's target.
function(mutexd_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC mutexd_options ${arg_LINKS})
  target_precompile_headers(${name} REUSE_FROM mutexd_pch)
endfunction()

# mutexd_binary(NAME SOURCES … LINKS …): an executable in bin/.
function(mutexd_binary name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mutexd_options ${arg_LINKS})
  target_precompile_headers(${name} REUSE_FROM mutexd_pch)
endfunction()

# mutexd_test(NAME SOURCES … LINKS …): a GoogleTest program, run by ctest as one test.
function(mutexd_test name)
  mutexd_binary(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
