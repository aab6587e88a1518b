# What is shipped is compiled and linked so that a mistake in memory ends the process instead of being of use to
# an attacker. Not in Debug builds, which the sanitizers watch, and which should build fast.
#
# tests/deploy/test_hardening.py looks for all of it in the programs.

option(MUTEXD_HARDEN "Harden what is not a Debug build; OFF where the builder's own flags do" ON)
if(NOT MUTEXD_HARDEN OR CMAKE_BUILD_TYPE STREQUAL "Debug" OR NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  return()
endif()

include(CheckCXXCompilerFlag)

# Everything is linked into programs, so -fPIE does where CMake would take the slower -fPIC.
add_compile_options(-fPIE -fstack-protector-strong -fstack-clash-protection)
# Where the processor knows it: x86-64, and as -mbranch-protection on ARM.
check_cxx_compiler_flag(-fcf-protection=full MUTEXD_HAS_CF_PROTECTION)
check_cxx_compiler_flag(-mbranch-protection=standard MUTEXD_HAS_BRANCH_PROTECTION)
if(MUTEXD_HAS_CF_PROTECTION)
  add_compile_options(-fcf-protection=full)
elseif(MUTEXD_HAS_BRANCH_PROTECTION)
  add_compile_options(-mbranch-protection=standard)
endif()
# Some compilers come with a level of their own. 3 asks for g++ 12 or clang 9, and optimization.
add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)

add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)
