"""What the image would hold runs, with nothing else around it: no engine builds the image here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import in_copy_of_machine, needs_root
from process import REPOSITORY, binary

DOCKERFILE = REPOSITORY / "deploy" / "docker" / "Dockerfile"
PROGRAMS = ("mutexd", "mutexctl", "mutexd-sandbox")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """As the Dockerfile's first stage makes it."""
    folder = tmp_path_factory.mktemp("image")
    build = binary("mutexd").parent.parent
    outcome = subprocess.run(
        [REPOSITORY / "scripts" / "image-root", build, folder],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert outcome.returncode == 0, outcome.stderr
    return folder


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def test_hadolint_has_no_complaint():
    outcome = subprocess.run(["hadolint", DOCKERFILE], capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stdout


def test_the_image_is_what_image_root_makes(root):
    text = DOCKERFILE.read_text()
    assert "scripts/image-root build/release /image" in text
    copied = re.findall(r"^COPY --from=build .*?/image(/\S+) (\S+)$", text, re.MULTILINE)
    assert all(source == target for source, target in copied)
    for file in files(root):
        path = f"/{file.relative_to(root)}"
        assert any(path.startswith(f"{source}/") for source, _ in copied), path


def test_it_runs_as_nobody_in_particular():
    text = DOCKERFILE.read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["65532:65532"]
    assert re.search(r"^ENTRYPOINT \[", text, re.MULTILINE), "a shell would be needed"


def test_the_build_is_given_all_that_it_reads():
    kept = re.findall(
        r"^!(\S+)$", (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(), re.MULTILINE
    )
    tracked = subprocess.check_output(
        ["git", "ls-files", "CMake*", "cmake", "service", "client", "proto", "scripts", "tests"],
        cwd=REPOSITORY,
        text=True,
    ).split()
    assert {path.partition("/")[0] for path in tracked} <= set(kept)


def test_its_libraries_are_those_that_the_linker_finds_and_no_others(root):
    loaded = set()
    for name in PROGRAMS:
        output = subprocess.check_output(["ldd", binary(name)], text=True)
        loaded |= {Path(path).name for path in re.findall(r"(/\S+) \(0x", output)}
    libraries = {path.name for path in files(root) if ".so" in path.name}
    assert libraries == loaded


def test_it_has_no_shell_and_nothing_that_gives_rights(root):
    assert {path.name for path in (root / "usr" / "bin").iterdir()} == set(PROGRAMS)
    assert not (root / "bin").exists()
    assert not [path for path in files(root) if path.stat().st_mode & 0o6000]


def test_it_has_the_license_of_every_library(root):
    owners = {path.parent.name for path in (root / "usr/share/doc").glob("*/copyright")}
    assert {"mutexd", "libc6", "libcurl4", "libgrpc++1.51"} <= owners


@needs_root
def test_it_serves_read_only_and_without_any_right(root):
    output = in_copy_of_machine(
        """
        mount -o remount,bind,ro /kept
        mount -t tmpfs tmpfs /kept/run/mutexd
        chown 65532:65532 /kept/run/mutexd
        run() { chroot --userspec=65532:65532 /kept "$@"; }
        ! chroot /kept /bin/sh -c true 2>/dev/null
        run /usr/bin/mutexd --version
        run /usr/bin/mutexd --sandbox --listen unix:/run/mutexd/mutexd.sock \
          --management 127.0.0.1:9464 2>/run/log &
        until curl -sf http://127.0.0.1:9464/readyz; do kill -0 $!; done
        run /usr/bin/mutexctl --server unix:/run/mutexd/mutexd.sock list
        grep -E '^(Uid|CapEff|CapPrm)' "/proc/$(pgrep -x mutexd)/status"
        kill -TERM "$(pgrep -x mutexd)"
        wait $!
        """,
        keeping=root,
    )
    assert "mutexd 0." in output
    assert re.search(r"CapEff:\s+0+$", output, re.MULTILINE)
    assert re.search(r"Uid:\s+65532\b", output)


def test_it_knows_the_public_authorities(root):
    text = (root / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert text.count("BEGIN CERTIFICATE") > 50
