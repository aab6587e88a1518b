"""Puts into the package what comes from the rest of the repository: the messages and stubs of
proto/, with types, the service config, and the license.

The build of the package runs this (hatch_build.py), and so does scripts/generate. In a source
distribution everything is there already, and the repository is not.
"""

from __future__ import annotations

import shutil
import sys
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PROTOS = REPOSITORY / "proto"
SOURCES = HERE / "src"


def in_repository() -> bool:
    return (PROTOS / "mutexgroups/v1/mutex_group_service.proto").is_file()


def generate() -> None:
    from grpc_tools import protoc

    protos = sorted(path.relative_to(PROTOS) for path in PROTOS.glob("mutexgroups/v1/*.proto"))
    for old in SOURCES.glob("mutexgroups/v1/*_pb2*"):
        old.unlink()
    run_protoc = [
        "protoc",
        f"-I{PROTOS}",
        f"-I{resources.files('grpc_tools') / '_proto'}",
        # Beside the interpreter that runs this, which need not be the one of PATH.
        f"--plugin=protoc-gen-mypy={plugin('protoc-gen-mypy')}",
        f"--plugin=protoc-gen-mypy_grpc={plugin('protoc-gen-mypy_grpc')}",
        f"--python_out={SOURCES}",
        f"--mypy_out=quiet:{SOURCES}",
    ]
    if protoc.main([*run_protoc, *map(str, protos)]) != 0:
        raise SystemExit("generate.py: protoc failed on the messages")
    run_protoc[-2:] = [f"--grpc_python_out={SOURCES}", f"--mypy_grpc_out=quiet:{SOURCES}"]
    services = [str(path) for path in protos if path.name.endswith("_service.proto")]
    if protoc.main([*run_protoc, *services]) != 0:
        raise SystemExit("generate.py: protoc failed on the service")
    config = PROTOS / "mutexgroups/v1/service_config.json"
    shutil.copyfile(config, SOURCES / "mutexgroups/service_config.json")
    shutil.copyfile(REPOSITORY / "LICENSE", HERE / "LICENSE")


def plugin(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise SystemExit(f"generate.py: {name} is not installed")
    return found


if __name__ == "__main__":
    generate()
