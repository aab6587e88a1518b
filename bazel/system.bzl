"""The libraries and files of the system's packages, as a repository."""

def _flags(ctx, kind, packages):
    done = ctx.execute(["pkg-config", kind] + packages)
    if done.return_code != 0:
        fail("pkg-config %s: %s; scripts/deps installs what is missing" % (packages, done.stderr))
    return [flag for flag in done.stdout.strip().split(" ") if flag]

# Headers lie where the compiler looks by itself.
_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
)
"""

_FOLDER = """
filegroup(
    name = "{name}",
    srcs = glob(["{name}/**/*.proto"]),
)
"""

def _system_repository_impl(ctx):
    build = ["package(default_visibility = [\"//visibility:public\"])\n"]
    for name, packages in ctx.attr.packages.items():
        defines = [flag[2:] for flag in _flags(ctx, "--cflags", packages) if flag.startswith("-D")]
        linkopts = _flags(ctx, "--libs", packages)
        build.append(_LIBRARY.format(name = name, defines = defines, linkopts = linkopts))
    for name, candidates in ctx.attr.folders.items():
        found = [path for path in candidates if ctx.path(path).exists]
        if not found:
            fail("none of %s is there; scripts/deps installs what is missing" % candidates)
        ctx.symlink(found[0], name)
        build.append(_FOLDER.format(name = name))
    ctx.file("BUILD.bazel", "".join(build))

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "folders": attr.string_list_dict(),
        "packages": attr.string_list_dict(),
    },
    configure = True,
    local = True,
)
