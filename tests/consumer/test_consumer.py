"""Programs of others, built from the installed C++ client by CMake and by pkg-config."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from examples import blocks
from installed import Installed, compiler_launcher, run
from process import REPOSITORY

# Compiling takes its time on a busy machine.
pytestmark = pytest.mark.timeout(1800)

HERE = Path(__file__).resolve().parent
CLIENT = REPOSITORY / "client" / "cpp"
README = CLIENT / "README.md"
QUICK_START = CLIENT / "examples" / "quickstart.cc"


def cached(build: Path, name: str) -> str:
    """What the build's configuration has found."""
    text = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    return re.search(rf"^{name}:\w+=(.*)$", text, re.MULTILINE)[1]


def compile_with_pkg_config(installed: Installed, source: Path, program: Path) -> None:
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror"]
    libraries = [] if not installed.is_shared else [f"-Wl,-rpath,{installed.libraries}"]
    run(
        [
            *("g++", *flags, source, "-o", program),
            *installed.pkg_config("--cflags", "--libs"),
            *libraries,
        ]
    )


@pytest.fixture(scope="session")
def consumer(installed, tmp_path_factory) -> Path:
    """The folder of tests/consumer's programs."""
    build = tmp_path_factory.mktemp("consumer")
    run(
        [
            *("cmake", "-S", HERE, "-B", build, "-G", "Ninja", *compiler_launcher()),
            f"-DCMAKE_PREFIX_PATH={installed.prefix}",
            f"-DQUICKSTART={QUICK_START}",
            f"-DGOOGLE_RPC_PROTO_DIR={cached(installed.build, 'GOOGLE_RPC_PROTO_DIR')}",
        ]
    )
    run(["cmake", "--build", build])
    return build


def test_the_readme_has_the_quick_start():
    assert blocks(README, "cpp")[0].code == QUICK_START.read_text(encoding="utf-8")


def test_the_installed_tree_is_complete(installed):
    files = {str(path.relative_to(installed.prefix)) for path in installed.prefix.rglob("*")}
    for wanted in (
        "include/mutexgroups/client.h",
        "include/mutexgroups/v1/mutex_group_service.grpc.pb.h",
        "include/mutexgroups/v1/mutex_group.pb.h",
        "include/mutexgroups/bundled/grpc/health/v1/health.grpc.pb.h",
        "share/mutexgroups/proto/mutexgroups/v1/mutex_group_service.proto",
        "share/mutexgroups/proto/mutexgroups/v1/service_config.json",
        "share/doc/libmutexgroups-dev/README.md",
        "share/doc/libmutexgroups-dev/copyright",
    ):
        assert wanted in files, f"{wanted} is not among {sorted(files)}"
    # What is not part of the API must not become so.
    assert "include/mutexgroups/tls_credentials.h" not in files
    assert not [file for file in files if "mutexctl" in file or file.startswith("bin")]


def test_nothing_installed_names_the_folder_that_it_was_built_in(installed):
    for path in installed.prefix.rglob("*"):
        if path.suffix in (".cmake", ".pc", ".h"):
            assert str(REPOSITORY) not in path.read_text(encoding="utf-8"), path


def test_a_cmake_project_finds_it_and_runs_against_a_sandbox(consumer, sandbox):
    output = run([consumer / "quickstart"], MUTEXGROUPS_SERVER=sandbox)
    assert output == blocks(README, "text")[0].code


def test_a_program_with_messages_of_google_rpc_of_its_own_runs(consumer, sandbox):
    output = run([consumer / "own_messages"], MUTEXGROUPS_SERVER=sandbox)
    assert output == 'code: 5 message: "MUTEX_GROUP_NOT_FOUND"\n'


def test_it_can_become_part_of_a_shared_object(consumer):
    assert (consumer / "libplugin.so").is_file()


@pytest.mark.parametrize(("version", "found"), [("1.0", True), ("2.0", False), ("1.7", False)])
def test_versions_that_cannot_do_are_not_found(installed, tmp_path, version, found):
    project = tmp_path / "CMakeLists.txt"
    project.write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(versions LANGUAGES CXX)\n"
        f"find_package(mutexgroups {version} REQUIRED)\n"
    )
    command = ["cmake", "-S", tmp_path, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={installed.prefix}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == found, done.stderr


def test_a_program_of_one_file_is_compiled_by_pkg_config(installed, tmp_path, sandbox):
    program = tmp_path / "quickstart"
    compile_with_pkg_config(installed, QUICK_START, program)
    assert run([program], MUTEXGROUPS_SERVER=sandbox) == blocks(README, "text")[0].code
    assert installed.pkg_config("--modversion") == ["1.0.0"]
    [protos] = installed.pkg_config("--variable=protodir")
    assert (Path(protos) / "mutexgroups/v1/mutex_group_service.proto").is_file()


def test_a_debian_package_is_made_of_the_static_library(installed, tmp_path):
    if installed.is_shared:
        pytest.skip("its files would be those of two packages")
    run(["cpack", "-G", "DEB", "--config", installed.build / "CPackConfig.cmake", "-B", tmp_path])
    [package] = tmp_path.glob("libmutexgroups-dev_1.0.0_*.deb")
    assert "libgrpc++-dev" in run(["dpkg-deb", "--field", package, "Depends"])
    files = run(["dpkg-deb", "--contents", package])
    for wanted in ("/include/mutexgroups/client.h", "/libmutexgroups.a", "/mutexgroups.pc"):
        assert f"{wanted}\n" in files
    # All of it below /usr, in folders that everybody can enter.
    assert not re.search(r"^d(?!rwxr-xr-x)| \./(?!usr/|\n)", files, re.MULTILINE), files


def test_the_examples_of_the_readme_run(installed, tmp_path, sandbox):
    functions, calls = [], []
    for number, block in enumerate(blocks(README, "cpp")[1:]):
        functions.append(
            f"[[maybe_unused]] static void Example{number}("
            f"[[maybe_unused]] mutexgroups::Client& client) {{\n{block.code}}}\n"
        )
        if "example.com" not in block.code:
            calls.append(f"  Example{number}(client);")
    assert len(calls) >= 4
    template = (HERE / "readme.cc.in").read_text(encoding="utf-8")
    source = tmp_path / "readme.cc"
    source.write_text(
        template.replace("@functions@", "\n".join(functions)).replace("@calls@", "\n".join(calls))
    )
    compile_with_pkg_config(installed, source, tmp_path / "readme")
    output = run([tmp_path / "readme"], MUTEXGROUPS_SERVER=sandbox)
    # What the listing, the create and the violations print.
    assert "Search ranking" in output
    assert re.search(r"^\d+$", output, re.MULTILINE)
    assert "mutex_group.project_id" in output
