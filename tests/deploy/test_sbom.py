"""The bill of materials is valid CycloneDX, and has what is really in the programs."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from process import REPOSITORY, binary


def sbom(**options) -> str:
    build = binary("mutexd").parent.parent
    command = [REPOSITORY / "scripts" / "sbom", build, "mutexd", "mutexctl"]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=120, **options
    ).stdout


@pytest.fixture(scope="module")
def bill() -> dict:
    return json.loads(sbom())


def linkage(component: dict) -> str:
    return {entry["name"]: entry["value"] for entry in component["properties"]}["mutexd:linkage"]


def test_it_is_valid_cyclonedx(bill):
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(bill))
    assert error is None, error


def test_it_has_every_shared_library_that_is_loaded(bill):
    files = {
        file["name"]: file["hashes"][0]["content"]
        for component in bill["components"]
        for file in component.get("components", [])
    }
    loaded = subprocess.check_output(["ldd", binary("mutexd")], text=True)
    paths = [Path(path) for path in re.findall(r"(/\S+) \(0x", loaded)]
    assert len(paths) > 10
    for path in paths:
        assert files.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest(), path


def test_it_has_libraries_that_are_nothing_but_headers(bill):
    found = {part["name"] for part in bill["components"] if linkage(part) == "headers"}
    assert {"libasio-dev", "rapidjson-dev", "libcli11-dev"} <= found


def test_every_component_has_a_version_and_a_package_url(bill):
    for part in bill["components"]:
        assert part["version"], part["name"]
        assert part["purl"].startswith(f"pkg:deb/debian/{part['name']}@{part['version']}?arch=")
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == len(references)
    assert bill["dependencies"][0]["dependsOn"] == references


def test_the_same_build_has_the_same_bill(bill):
    assert json.loads(sbom()) == bill
