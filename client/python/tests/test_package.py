"""The package as it is installed: complete, and as its README says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from importlib import metadata, resources
from pathlib import Path

import pytest

import mutexgroups
from mutexgroups import v1
from mutexgroups._channel import published_service_config, service_config
from mutexgroups.v1 import errors_pb2, mutex_group_pb2, mutex_group_service_pb2

HERE = Path(__file__).resolve().parents[1]
REPOSITORY = HERE.parents[1]
QUICK_START = HERE / "examples" / "quickstart.py"


def blocks(language: str) -> list[str]:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)


def test_types_are_part_of_the_package():
    files = resources.files("mutexgroups")
    assert (files / "py.typed").is_file()
    assert (files / "v1" / "mutex_group_service_pb2.pyi").is_file()


def test_versions_agree():
    assert metadata.version("mutexgroups") == mutexgroups.__version__


def test_every_message_is_at_hand():
    for module in (errors_pb2, mutex_group_pb2, mutex_group_service_pb2):
        for name in (
            *module.DESCRIPTOR.message_types_by_name,
            *module.DESCRIPTOR.enum_types_by_name,
        ):
            assert name in v1.__all__, name
    assert all(hasattr(v1, name) for name in v1.__all__)


def test_the_service_config_is_the_published_one():
    published = REPOSITORY / "proto/mutexgroups/v1/service_config.json"
    assert published_service_config() == published.read_text(encoding="utf-8")
    given = json.loads(service_config("dns:///mutexd.example:50051"))
    expected = json.loads(published_service_config())
    for method in expected["methodConfig"]:
        del method["timeout"]
    assert given == expected


@pytest.mark.parametrize(
    ("server", "balanced"),
    [
        ("dns:///mutexd.example:50051", True),
        ("dns://127.0.0.1:53/mutexd.example:50051", True),
        ("mutexd.example:50051", False),
        ("unix:/run/mutexd.sock", False),
    ],
)
def test_only_the_addresses_of_a_name_are_balanced_over(server, balanced):
    assert ("loadBalancingConfig" in json.loads(service_config(server))) == balanced


def test_the_readme_has_the_quick_start():
    assert QUICK_START.read_text(encoding="utf-8") in blocks("python")


@pytest.fixture
def sandbox():
    """The address of a mutexd with sample groups."""
    folder = os.environ.get("MUTEXD_BIN_DIR", str(REPOSITORY / "build/release/bin"))
    flags = ["--sandbox", "--listen", "127.0.0.1:0", "--management", "off", "--log-format", "json"]
    mutexd = [str(Path(folder) / "mutexd"), *flags]
    with subprocess.Popen(mutexd, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        entries = (json.loads(line) for line in process.stderr)
        yield next(entry["address"] for entry in entries if entry.get("listener") == "grpc")
        # A pipe that nobody reads would stop what writes to it.
        rest = threading.Thread(target=process.stderr.read)
        rest.start()
        process.terminate()
        rest.join()


def run(code: str, sandbox: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MUTEXGROUPS_SERVER": sandbox}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_quick_start_runs(sandbox):
    done = run(QUICK_START.read_text(encoding="utf-8"), sandbox)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks("text")[0]


def test_the_other_examples_of_the_readme_run(sandbox):
    # Those about TLS need files, and stand alone.
    examples = [block for block in blocks("python") if "example.com" not in block]
    assert len(examples) > 4
    code = "import mutexgroups\nclient = mutexgroups.Client()\n"
    for example in examples[1:]:
        done = run(code + example, sandbox)
        assert done.returncode == 0, f"{example}\n{done.stderr}"
