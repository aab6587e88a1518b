#!/usr/bin/env python3
"""Checks that each folder includes only what the architecture lets it use.

System headers are visible to every target, so the linker alone does not keep the folders apart.
LAYERS is the one table of what each may include. Two rules besides: what belongs to one folder's
inside (libcurl, nghttp2, RapidJSON) reaches no header that another folder includes, and gRPC is not
named below rpc/.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Libraries, as prefixes of what stands in <> or "".
ABSEIL = "absl/"
ASIO = ("asio.hpp", "asio/")
CURL = "curl/"
NGHTTP2 = "nghttp2/"
ZLIB = "zlib.h"
RAPIDJSON = "rapidjson/"
XXHASH = "xxhash.h"
OPENSSL = "openssl/"
PROTOBUF = "google/protobuf/"
MESSAGES = (
    PROTOBUF,
    "google/rpc/",
    "mutexgroups/v1/errors.pb.h",
    "mutexgroups/v1/mutex_group.pb.h",
    "mutexgroups/v1/mutex_group_service.pb.h",
)
GRPC = ("grpc/", "grpcpp/", "mutexgroups/v1/mutex_group_service.grpc.pb.h")

# Folder → what it may include, besides itself, the C++ library and POSIX headers.
LAYERS: dict[str, tuple] = {
    # The policy engine, which mutexctl uses too: nothing of the service.
    "service/authz": (ABSEIL, "toml++/"),
    "service/http": (ASIO, ABSEIL, CURL, NGHTTP2, OPENSSL, ZLIB),
    "service/amplitude": ("service/http/", MESSAGES, ASIO, ABSEIL, RAPIDJSON, XXHASH),
    "service/groups": ("service/amplitude/", MESSAGES, ASIO, ABSEIL, XXHASH),
    # Errors, calls and credentials are amplitude's; rpc turns them into statuses and fills them in.
    "service/rpc": (
        "service/groups/",
        "service/amplitude/",
        "service/authz/",
        MESSAGES,
        GRPC,
        ASIO,
        ABSEIL,
        XXHASH,
    ),
    # Implements the observer interfaces of the folders in which the events arise.
    "service/telemetry": (
        "service/http/",
        "service/amplitude/",
        "service/groups/",
        "service/rpc/",
        MESSAGES,
        ASIO,
        ABSEIL,
        "prometheus/",
        "spdlog/",
    ),
    "service/sandbox": (ABSEIL, ASIO, "httplib.h", RAPIDJSON, "CLI/"),
    "service/app": (
        "service/",
        MESSAGES,
        GRPC,
        ASIO,
        ABSEIL,
        "CLI/",
        "toml++/",
        "httplib.h",
        "prometheus/",
        "spdlog/",
        CURL,
        OPENSSL,
    ),
    # Its own headers are included as its users include them, from client/cpp.
    "client/cpp": (
        "mutexgroups/",
        "service/authz/",
        MESSAGES,
        GRPC,
        ABSEIL,
        OPENSSL,
        "CLI/",
        "yaml-cpp/",
    ),
}

# Kept inside their folders: in no header that another folder reaches by its includes.
PRIVATE_LIBRARIES = (CURL, NGHTTP2, RAPIDJSON)
# Folders below rpc/: they may neither include nor name gRPC.
BELOW_RPC = (
    "service/authz",
    "service/http",
    "service/amplitude",
    "service/groups",
    "service/telemetry",
    "service/sandbox",
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
GRPC_NAME = re.compile(r"\bgrpc::")
# Headers of the C++ library have no dot; those of C and POSIX are few.
SYSTEM = re.compile(r"[a-z_0-9]+|(sys|netinet|arpa|linux)/[a-z_0-9]+\.h|[a-z_0-9]+\.h")


def flatten(allowed) -> Iterator[str]:
    for entry in allowed:
        if isinstance(entry, str):
            yield entry
        else:
            yield from flatten(entry)


ALL_LIBRARIES = tuple(
    {
        prefix
        for allowed in LAYERS.values()
        for prefix in flatten(allowed)
        if not prefix.startswith("service/")
    }
)


def folder_of(path: str) -> str | None:
    return next((folder for folder in LAYERS if path.startswith(folder + "/")), None)


def includes_of(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, bracket and name of each include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def is_allowed(folder: str, bracket: str, name: str) -> bool:
    if name.startswith((folder + "/", *flatten(LAYERS[folder]))):
        return True
    if name.startswith(("service/", "client/", "tests/", *ALL_LIBRARIES)):
        return False
    return bracket == "<" and SYSTEM.fullmatch(name) is not None


def violations(root: Path) -> Iterator[str]:
    sources = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for folder in LAYERS
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in (".h", ".cc")
    }
    project_includes = {
        path: {name for _, _, name in includes_of(text) if name in sources}
        for path, text in sources.items()
    }

    for path, text in sources.items():
        folder = folder_of(path)
        for number, bracket, name in includes_of(text):
            if not is_allowed(folder, bracket, name):
                yield f"{path}:{number}: {folder} may not include {name}"
        if folder in BELOW_RPC:
            for number, line in enumerate(text.splitlines(), 1):
                if GRPC_NAME.search(line.partition("//")[0]):
                    yield f"{path}:{number}: grpc:: is not for folders below service/rpc"

    public = {
        name
        for path, names in project_includes.items()
        for name in names
        if folder_of(name) != folder_of(path)
    }
    reached, waiting = set(), list(public)
    while waiting:
        header = waiting.pop()
        if header not in reached:
            reached.add(header)
            waiting += project_includes[header]
    for header in sorted(reached):
        for number, _, name in includes_of(sources[header]):
            if name.startswith(PRIVATE_LIBRARIES):
                yield f"{header}:{number}: {name} reaches other folders through this header"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(violations(root))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
