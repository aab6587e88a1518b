"""scripts/check_bazel.py finds what CMake and Bazel build differently."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import check_bazel  # noqa: E402


@pytest.fixture
def project(tmp_path):
    """A copy of what the check reads, the contents of sources aside."""
    for path in ("bazel", "cmake", "proto", "service", "client/cpp", "tests"):
        for source in (ROOT / path).rglob("*"):
            target = tmp_path / source.relative_to(ROOT)
            if source.suffix in (".cc", ".h", ".proto"):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch()
            elif source.name in ("BUILD.bazel", "CMakeLists.txt") or source.suffix in (
                ".bzl",
                ".cmake",
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
    shutil.copy(ROOT / "CMakeLists.txt", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def found(project: Path) -> str:
    return "\n".join(check_bazel.differences(project))


def test_this_project_has_no_differences(project):
    assert found(project) == ""


def test_a_file_that_cmake_does_not_list(project):
    (project / "service/http/forgotten.cc").touch()
    assert (
        "mutexd_http of CMake and //service/http:http differ in service/http/forgotten.cc"
        in found(project)
    )


def test_a_file_that_is_only_in_a_list_of_cmake(project):
    replace(
        project / "tests/unit/groups/CMakeLists.txt", "scan_test.cc", "scan_test.cc gone_test.cc"
    )
    assert "differ in tests/unit/groups/gone_test.cc" in found(project)


def test_a_target_that_cmake_lacks(project):
    build = project / "tests/contract/BUILD.bazel"
    build.write_text(build.read_text() + '\nmutexd_test(name = "x", srcs = ["x.cc"], deps = [])\n')
    assert "//tests/contract:x has the sources of no target of CMake" in found(project)


def test_a_link_of_one_alone(project):
    replace(
        project / "service/groups/BUILD.bazel",
        '        "//service/amplitude",\n        "@',
        '        "@',
    )
    assert (
        "mutexd_groups of CMake and //service/groups:groups are not both linked to"
        " //service/amplitude:amplitude" in found(project)
    )


def test_a_library_of_the_system_that_bazel_lacks(project):
    replace(project / "service/http/BUILD.bazel", '"@system//:curl"', '"@system//:zlib"')
    assert "//service/http:http is not linked to @system//:curl" in found(project)


def test_a_folder_that_is_visible_to_more_than_its_users(project):
    replace(
        project / "service/groups/BUILD.bazel",
        '"//service/app:__pkg__"',
        '"//service/http:__pkg__"',
    )
    problems = found(project)
    assert "service/groups is visible to service/http, which may not use it" in problems
    assert "service/groups is not visible to service/app, which may use it" in problems


def test_a_proto_of_one_alone(project):
    replace(project / "proto/BUILD.bazel", '    "grpc/health/v1/health.proto",\n', "")
    assert "messages of grpc/health/v1/health.proto are not in both" in found(project)


def test_a_warning_of_one_alone(project):
    replace(project / "bazel/mutexd.bzl", '    "-Wshadow",\n', "")
    assert "-Wshadow is not in both" in found(project)


def test_another_version(project):
    replace(project / "bazel/version.bzl", 'VERSION = "', 'VERSION = "9')
    assert "CMakeLists.txt has another version" in found(project)
