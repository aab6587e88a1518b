"""What the book says of versions is what the packages say of themselves."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from process import REPOSITORY, binary, run

CLIENTS = REPOSITORY / "client"


def required_by_python(package: str) -> str:
    project = tomllib.loads((CLIENTS / "python" / "pyproject.toml").read_text())["project"]
    [found] = [text for text in project["dependencies"] if re.match(rf"{package}\b>", text)]
    return found.partition(">=")[2]


def required_by_go(module: str) -> str:
    text = (CLIENTS / "go" / "go.mod").read_text()
    return re.search(rf"{re.escape(module)} v(\d+\.\d+)", text)[1]


def required_by_node(package: str) -> str:
    manifest = json.loads((CLIENTS / "node" / "package.json").read_text())
    return re.match(r"\^?(\d+\.\d+)", manifest["dependencies"][package])[1]


def required_by_java(name: str) -> str:
    text = (CLIENTS / "java" / "pom.xml").read_text()
    return re.search(rf"<{name}>(\d+\.\d+)", text)[1]


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("`google.golang.org/grpc` {}", lambda: required_by_go("google.golang.org/grpc")),
        ("grpc-java {}", lambda: required_by_java("grpc.version")),
        ("`@grpc/grpc-js` {}", lambda: required_by_node("@grpc/grpc-js")),
        ("`grpcio` {}", lambda: required_by_python("grpcio")),
    ],
)
def test_the_page_names_the_grpc_that_a_client_takes(text, required):
    page = (REPOSITORY / "docs" / "versioning.md").read_text()
    assert text.format(required()) in page


def test_mutexd_says_which_version_it_is():
    project = (REPOSITORY / "CMakeLists.txt").read_text()
    version = re.search(r"project\(mutexd VERSION (\S+)", project)[1]
    for program in ("mutexd", "mutexctl"):
        words = run([binary(program), "--version"]).stdout.split()
        assert words[:2] == [program, version]


def test_the_changelog_begins_with_what_is_not_released():
    versions = re.findall(r"^## \[(.+?)\]", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == "Unreleased"
    numbers = [tuple(map(int, version.split("."))) for version in versions[1:]]
    assert numbers == sorted(numbers, reverse=True)
