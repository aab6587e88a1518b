"""Builds what is measured: mutexd, the peers, and the API's modules for the checking client."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import resources
from pathlib import Path

from .paths import CACHE_BIN, OUTPUT, PEERS, PROTO, RELEASE_BIN, REPOSITORY, BenchError, run

GENERATORS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
)
GO_PEER = OUTPUT / "grpc_go"
GO_LOAD = OUTPUT / "load"
ENVOY_DESCRIPTOR = OUTPUT / "envoy_descriptor.pb"
PYTHON_API = OUTPUT / "python"


def build_all() -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    build_cpp("mutexd", "mutexd_bench_echo")
    build_grpc_go()
    build_load()
    describe_for_envoy()
    generate_python()


def build_cpp(*targets: str) -> None:
    run(
        ["cmake", "--preset", "release", "-DMUTEXD_BUILD_BENCHMARKS=ON"],
        cwd=REPOSITORY,
    )
    run(["cmake", "--build", "--preset", "release", "--target", *targets], cwd=REPOSITORY)
    for target in targets:
        if not (RELEASE_BIN / target).is_file():
            raise BenchError(f"{target} was not built")


def go_environment() -> dict[str, str]:
    environment = {**os.environ, "GOBIN": str(CACHE_BIN), "GOTOOLCHAIN": "local"}
    environment["PATH"] = f"{CACHE_BIN}:{environment['PATH']}"
    return environment


def build_load() -> None:
    shutil.rmtree(GO_LOAD, ignore_errors=True)
    shutil.copytree(PEERS / "load", GO_LOAD)
    run(["go", "build", "-o", "load", "."], cwd=GO_LOAD, env=go_environment())


def build_grpc_go() -> None:
    environment = go_environment()
    for generator in GENERATORS:
        name = generator.rpartition("/")[2].partition("@")[0]
        if not (CACHE_BIN / name).is_file():
            run(["go", "install", generator], env=environment)

    shutil.rmtree(GO_PEER, ignore_errors=True)
    shutil.copytree(PEERS / "grpc_go", GO_PEER)
    generated = GO_PEER / "mutexgroupsv1"
    generated.mkdir()
    protos = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    options = ["paths=source_relative"]
    module = "github.com/mutexgroups/mutexd/tests/bench/peers/grpc_go/mutexgroupsv1"
    options += [f"M{proto}={module}" for proto in protos]
    raw = OUTPUT / "go_generated"
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir()
    flags = ",".join(options)
    outputs = [f"--go_out={flags}:{raw}", f"--go-grpc_out={flags}:{raw}"]
    run(["protoc", f"-I{PROTO}", *outputs, *protos], env=environment)
    for source in raw.rglob("*.go"):
        shutil.move(source, generated / source.name)
    run(["go", "build", "-o", "grpc_go", "."], cwd=GO_PEER, env=environment)


def google_protos() -> Path:
    """The folder with google/api/annotations.proto, of the package googleapis-common-protos."""
    import google.api

    return Path(next(iter(google.api.__path__))).parents[1]


def describe_for_envoy() -> None:
    source = PEERS / "envoy" / "amplitude_mutex.proto"
    includes = [f"-I{source.parent}", f"-I{google_protos()}"]
    run(
        ["protoc", *includes, "--include_imports", f"--descriptor_set_out={ENVOY_DESCRIPTOR}"]
        + [source.name]
    )


def generate_python() -> None:
    """Makes mutexgroups.v1 and amplitude_mutex_pb2 importable."""
    from grpc_tools import protoc

    shutil.rmtree(PYTHON_API, ignore_errors=True)
    PYTHON_API.mkdir()
    envoy = PEERS / "envoy"
    well_known = resources.files("grpc_tools") / "_proto"
    protos = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    arguments = [f"-I{PROTO}", f"-I{envoy}", f"-I{google_protos()}", f"-I{well_known}"]
    arguments += [f"--python_out={PYTHON_API}", *protos, "amplitude_mutex.proto"]
    if protoc.main(["protoc", *arguments]) != 0:
        raise BenchError("protoc failed")
    sys.path.insert(0, str(PYTHON_API))
