"""Makes the messages and stubs of proto/ importable: generated anew into a temporary folder."""

import atexit
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

PROTO_DIR = Path(__file__).resolve().parents[2] / "proto"


def generate() -> None:
    target = tempfile.mkdtemp(prefix="mutexgroups-python-")
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    protos = sorted(str(path.relative_to(PROTO_DIR)) for path in PROTO_DIR.rglob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    arguments = ["protoc", f"-I{PROTO_DIR}", f"-I{well_known}"]
    outputs = [f"--python_out={target}", f"--grpc_python_out={target}"]
    if protoc.main(arguments + outputs + protos) != 0:
        raise RuntimeError(f"protoc failed on {protos}")
    sys.path.insert(0, target)
