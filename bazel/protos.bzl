"""Code that the system's protoc makes, as CMake has it made (proto/CMakeLists.txt)."""

load("//bazel:mutexd.bzl", "VISIBLE_TO_ALL")

def cpp_protos(name, protos, folder, root, grpc = False, deps = []):
    """A library of messages, or with `grpc` of services.

    Args:
      name: the library's.
      protos: as they import each other, such as "google/rpc/status.proto".
      folder: the label of a target with these files.
      root: the folder that the imports are relative to, from where Bazel runs commands.
      grpc: services, not messages.
      deps: the libraries of what is imported, and what the code is compiled with.
    """
    kind = ".grpc.pb" if grpc else ".pb"
    stems = [proto[:-len(".proto")] for proto in protos]
    sources = [stem + kind + ".cc" for stem in stems]
    headers = [stem + kind + ".h" for stem in stems]
    out = "--grpc_out=%s --plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin)" if grpc else "--cpp_out=%s"
    native.genrule(
        name = name + "_generated",
        srcs = [folder],
        outs = sources + headers,
        cmd = "protoc -I %s %s %s" % (root, out % "$(RULEDIR)", " ".join(protos)),
        visibility = ["//visibility:private"],
    )
    native.cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        # Descriptors that nothing names must be linked all the same, for reflection.
        alwayslink = True,
        copts = ["-w"],
        includes = ["."],
        linkstatic = True,
        visibility = VISIBLE_TO_ALL,
        deps = deps,
    )
