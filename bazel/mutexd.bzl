"""How every target of the project is compiled: warnings and definitions as in cmake/MutexdBuild.cmake."""

VISIBLE_TO_ALL = ["//:__subpackages__"]

# What tests may use besides their own.
TESTS = ["//tests:__subpackages__"]

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wcast-qual",
    "-Wno-missing-field-initializers",
    "-Werror",
    "-pthread",
]
_DEFINES = [
    "ASIO_STANDALONE",
    "ASIO_NO_DEPRECATED",
    "ASIO_HAS_CO_AWAIT",
    "RAPIDJSON_HAS_STDSTRING=1",
]

def mutexd_library(name, srcs = [], hdrs = [], copts = [], **kwargs):
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = _COPTS + copts,
        local_defines = _DEFINES + kwargs.pop("local_defines", []),
        # Everything is linked into programs.
        linkstatic = True,
        **kwargs
    )

def mutexd_binary(name, srcs, copts = [], **kwargs):
    native.cc_binary(
        name = name,
        srcs = srcs,
        copts = _COPTS + copts,
        local_defines = _DEFINES + kwargs.pop("local_defines", []),
        **kwargs
    )

def mutexd_test(name, srcs, deps, copts = [], **kwargs):
    """A GoogleTest program. It runs at the root of the project, as far as `data` names its files."""
    native.cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        copts = _COPTS + copts,
        linkstatic = True,
        local_defines = _DEFINES + kwargs.pop("local_defines", []),
        deps = deps + ["@system//:gmock"],
        **kwargs
    )
