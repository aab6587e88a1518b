#!/usr/bin/env python3
"""Checks that Bazel builds what CMake builds: the same sources in the same targets, linked alike,
compiled with the same warnings and definitions; and that visibility is the table of layers of
check_layers.py.

Sources are what lies in a folder as far as Bazel is concerned (glob), and lists in CMake's files,
so a file that is in no list is found too. A BUILD file is read as the Python that it nearly is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from check_layers import LAYERS, flatten

# What both build. Fuzz targets and benchmarks are CMake's alone.
FOLDERS = (
    "service",
    "client/cpp",
    "tests/conformance/runners/cpp",
    "tests/contract",
    "tests/fakes",
    "tests/simulation",
    "tests/unit",
)

# What CMake links of the system, by prefixes, and what Bazel calls it; Bazel may name more: what
# has headers alone.
SYSTEM = {
    "CLI11": "cli11",
    "CURL": "curl",
    "OpenSSL": "openssl",
    "PkgConfig::HTTPLIB": "httplib",
    "PkgConfig::NGHTTP2": "nghttp2",
    "PkgConfig::TOMLPLUSPLUS": "tomlplusplus",
    "ZLIB": "zlib",
    "absl": "absl",
    "prometheus-cpp": "prometheus",
    "spdlog": "spdlog",
    "yaml-cpp": "yaml_cpp",
}

# Libraries of headers alone, which CMake has no need of: nothing hides a header from it.
HEADERS = "headers"


@dataclass(frozen=True)
class Target:
    name: str  # CMake's name, or a label
    sources: frozenset[str]  # .cc files, from the root
    links: frozenset[str]  # targets of the project, by names of the same kind
    system: frozenset[str]  # libraries of the system, by names of Bazel


@dataclass
class Package:
    """What a BUILD file declares."""

    targets: list[Target] = field(default_factory=list)
    visibility: set[str] = field(default_factory=set)


# -- CMake

DECLARATION = re.compile(
    r"mutexd_(?:library|binary|test)\(\s*(?P<name>\S+)\s+SOURCES\s+(?P<sources>[^)]*?)"
    r"\s+LINKS\s+(?P<links>[^)]*?)\s*\)"
)
ADDITION = re.compile(
    r"target_(?P<what>sources|link_libraries)\(\s*(?P<name>\S+)\s+P\w+\s+(?P<words>[^)]*)\)"
)
VARIABLE = re.compile(r"\$\{\w+\}/")


def cmake_targets(root: Path) -> dict[str, Target]:
    names: dict[str, tuple[set[str], set[str]]] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
                read_cmake(path, root, names)
    declared = set(names) | {"mutexgroups_messages", "mutexgroups_stubs", "grpc_standard_stubs"}
    return {
        name: Target(name, frozenset(sources), frozenset(links & declared), system_names(links))
        for name, (sources, links) in names.items()
    }


def system_names(links: set[str]) -> frozenset[str]:
    names = SYSTEM.items()
    return frozenset(
        name for prefix, name in names if any(link.startswith(prefix) for link in links)
    )


def read_cmake(path: Path, root: Path, names: dict[str, tuple[set[str], set[str]]]) -> None:
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
    folder = path.parent.relative_to(root)

    def sources(words: str) -> set[str]:
        return {str(folder / VARIABLE.sub("", word)) for word in words.split()}

    for match in DECLARATION.finditer(text):
        names[match["name"]] = (sources(match["sources"]), set(match["links"].split()))
    for match in ADDITION.finditer(text):
        if match["name"] in names:
            own = names[match["name"]]
            if match["what"] == "sources":
                own[0].update(sources(match["words"]))
            else:
                own[1].update(match["words"].split())


# -- Bazel


def read_bzl(path: Path) -> dict[str, Any]:
    names: dict[str, Any] = {"load": lambda *_: None}
    exec(path.read_text(encoding="utf-8"), names)
    return names


def read_package(path: Path, root: Path) -> Package:
    folder = str(path.parent.relative_to(root))
    package = Package()

    def glob(include: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
        def matches(patterns: Sequence[str]) -> set[str]:
            found = (file for pattern in patterns for file in path.parent.glob(pattern))
            return {str(file.relative_to(path.parent)) for file in found}

        return sorted(matches(include) - matches(exclude))

    def label(text: str) -> str:
        package_name, _, name = text.removeprefix("//").partition(":")
        package_name = package_name if text.startswith("//") else folder
        return f"//{package_name}:{name or package_name.rpartition('/')[2]}"

    def target(name: str, srcs=(), deps=(), visibility=(), **_) -> None:
        package.visibility.update(visibility)
        links = {label(dep) for dep in deps if not dep.startswith("@")}
        package.targets.append(
            Target(
                label(f":{name}"),
                frozenset(f"{folder}/{source}" for source in srcs if source.endswith(".cc")),
                frozenset(link for link in links if not link.endswith(f":{HEADERS}")),
                frozenset(dep.removeprefix("@system//:") for dep in deps if dep.startswith("@")),
            )
        )

    ignored = dict.fromkeys(("cc_library", "exports_files", "filegroup", "genrule", "sh_test"))
    rules = dict.fromkeys(("mutexd_library", "mutexd_binary", "mutexd_test"), target)
    names = {name: lambda *_, **__: None for name in ignored} | rules | {"glob": glob}
    for bzl in ("mutexd.bzl", "version.bzl"):
        constants = read_bzl(root / "bazel" / bzl).items()
        names |= {name: value for name, value in constants if name.isupper()}
    names["load"] = lambda *_: None
    exec(path.read_text(encoding="utf-8"), names)
    return package


def packages(root: Path) -> dict[str, Package]:
    return {
        str(path.parent.relative_to(root)): read_package(path, root)
        for folder in FOLDERS
        for path in sorted((root / folder).rglob("BUILD.bazel"))
    }


# -- the comparison


def target_differences(cmake: dict[str, Target], bazel: list[Target]) -> Iterator[str]:
    by_sources = {target.sources: target for target in bazel if target.sources}
    labels = {
        name: by_sources[target.sources].name
        for name, target in cmake.items()
        if target.sources in by_sources
    }
    # The libraries of generated code have the same names in both.
    for target in cmake.values():
        for name in target.links - set(cmake):
            labels[name] = f"//proto:{name}"
    for name, target in cmake.items():
        if name not in labels:
            nearest = max(bazel, key=lambda other: len(other.sources & target.sources))
            differing = sorted(nearest.sources ^ target.sources)
            yield f"{name} of CMake and {nearest.name} differ in {', '.join(differing)}"
            continue
        links = {labels.get(link, link) for link in target.links}
        other = by_sources[target.sources]
        if links != other.links:
            differing = sorted(links ^ other.links)
            yield f"{name} of CMake and {other.name} are not both linked to {', '.join(differing)}"
        for library in sorted(target.system - other.system):
            yield f"{other.name} is not linked to @system//:{library}, as {name} of CMake is"
    known = {target.sources for target in cmake.values()}
    for target in bazel:
        if target.sources and target.sources not in known:
            yield f"{target.name} has the sources of no target of CMake"


def visibility_differences(found: dict[str, Package]) -> Iterator[str]:
    for folder in (name for name in LAYERS if name.startswith("service/")):
        allowed = {
            other
            for other, prefixes in LAYERS.items()
            if other != folder and f"{folder}/".startswith(tuple(flatten(prefixes)))
        }
        seen = {
            label
            for label in found[folder].visibility
            if label.startswith(("//service", "//client"))
        }
        users = {label.removeprefix("//").removesuffix(":__pkg__") for label in seen}
        users = {"client/cpp" if user.startswith("client/cpp") else user for user in users} - {
            folder
        }
        for user in sorted(users - allowed):
            yield f"{folder} is visible to {user}, which may not use it (scripts/check_layers.py)"
        for user in sorted(allowed - users):
            yield f"{folder} is not visible to {user}, which may use it (scripts/check_layers.py)"


def proto_differences(root: Path) -> Iterator[str]:
    text = (root / "proto/CMakeLists.txt").read_text(encoding="utf-8")
    lists = dict(re.findall(r"^ *set\((\w+)\s([^)]*)\)", text, re.MULTILINE))
    text = re.sub(r"\$\{(\w+)\}", lambda match: lists.get(match[1], match[0]), text)
    calls = re.findall(r"^ *mutexd_protos\(\w+([^)]*)\)", text, re.MULTILINE)
    cmake = {
        (word, "GRPC" in call.split())
        for call in calls
        for word in call.split()
        if word.endswith(".proto")
    }
    bazel: set[tuple[str, bool]] = set()
    names = {
        name: lambda *_, **__: None for name in ("load", "exports_files", "filegroup", "cc_library")
    }
    names["VISIBLE_TO_ALL"] = []
    names["cpp_protos"] = lambda protos, grpc=False, **_: bazel.update(
        (name, grpc) for name in protos
    )
    names["glob"] = lambda include: [
        str(file.relative_to(root / "proto"))
        for one in include
        for file in (root / "proto").glob(one)
    ]
    exec((root / "proto/BUILD.bazel").read_text(encoding="utf-8"), names)
    for name, grpc in sorted(cmake ^ bazel):
        yield f"{'services' if grpc else 'messages'} of {name} are not in both builds of proto/"


def option_differences(root: Path) -> Iterator[str]:
    text = (root / "cmake/MutexdBuild.cmake").read_text(encoding="utf-8")
    rules = read_bzl(root / "bazel/mutexd.bzl")

    def cmake_words(command: str) -> set[str]:
        # Those for every compiler and build: not indented.
        calls = re.findall(rf"^{command}\(mutexd_options INTERFACE([^)]*)\)", text, re.MULTILINE)
        return {word for call in calls for word in call.split()}

    for command, constant in (
        ("target_compile_options", "_COPTS"),
        ("target_compile_definitions", "_DEFINES"),
    ):
        for word in sorted(cmake_words(command) ^ set(rules[constant])):
            yield f"{word} is not in both of cmake/MutexdBuild.cmake and bazel/mutexd.bzl"
    version = read_bzl(root / "bazel/version.bzl")["VERSION"]
    if f"project(mutexd VERSION {version} " not in (root / "CMakeLists.txt").read_text(
        encoding="utf-8"
    ):
        yield f"CMakeLists.txt has another version than bazel/version.bzl, {version}"


def differences(root: Path) -> Iterator[str]:
    found = packages(root)
    targets = [target for package in found.values() for target in package.targets]
    yield from target_differences(cmake_targets(root), targets)
    yield from visibility_differences(found)
    yield from proto_differences(root)
    yield from option_differences(root)


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(differences(root))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
