"""The Debian package has what it must, and can be installed, run, upgraded and removed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import in_copy_of_machine, needs_root
from process import binary

PROGRAMS = ("mutexd", "mutexctl", "mutexd-sandbox")


@pytest.fixture(scope="session")
def package(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    build = binary("mutexd").parent.parent
    outcome = subprocess.run(
        ["cpack", "-G", "DEB", "--config", build / "CPackConfig.cmake", "-B", folder],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    [package] = folder.glob("*.deb")
    return package


def field(package: Path, name: str) -> str:
    return subprocess.check_output(["dpkg-deb", "--field", package, name], text=True).strip()


def contents(package: Path) -> dict[str, str]:
    """Path → permissions and owner."""
    listing = subprocess.check_output(["dpkg-deb", "--contents", package], text=True)
    lines = [line.split(maxsplit=5) for line in listing.splitlines()]
    return {line[5].lstrip("."): f"{line[0]} {line[1]}" for line in lines}


def test_it_has_the_programs_the_unit_the_settings_and_the_papers(package):
    files = contents(package)
    for path in (
        *(f"/usr/bin/{name}" for name in PROGRAMS),
        "/usr/lib/systemd/system/mutexd.service",
        "/etc/mutexd/mutexd.toml",
        "/usr/share/man/man1/mutexd.1.gz",
        "/usr/share/doc/mutexd/copyright",
        "/usr/share/doc/mutexd/configuration.md",
        "/usr/share/doc/mutexd/operations.md",
        "/usr/share/doc/mutexd/mutexd.cdx.json",
        "/usr/share/mutexd/proto/mutexgroups/v1/mutex_group.proto",
    ):
        assert path in files, path
    assert all(kind.endswith(" root/root") for kind in files.values())
    writable = [path for path, kind in files.items() if kind[0] in "-d" and kind[8] == "w"]
    assert not writable


def test_it_depends_on_the_packages_of_all_libraries_that_the_programs_name(package):
    depends = field(package, "Depends")
    for name in PROGRAMS:
        needed = subprocess.check_output(["objdump", "-p", binary(name)], text=True)
        for library in re.findall(r"NEEDED\s+(\S+)", needed):
            owner = subprocess.check_output(["dpkg", "-S", f"*/{library}"], text=True)
            assert any(
                re.search(rf"(^|, |\| ){re.escape(line.partition(':')[0])}\b", depends)
                for line in owner.splitlines()
            ), f"{library} of {name}: {depends}"
    assert "ca-certificates" in depends


INSTALLED = """
dpkg -i /kept/*.deb
test "$(dpkg-query -W -f='${Status}' mutexd)" = 'install ok installed'
/usr/bin/mutexd --version
/usr/bin/mutexd --check-config --config /etc/mutexd/mutexd.toml --sandbox >/dev/null
systemd-analyze verify --man=no /usr/lib/systemd/system/mutexd.service
! file /usr/bin/mutexd | grep -q 'not stripped'
dpkg -V mutexd
"""


@needs_root
def test_it_can_be_installed_and_what_it_installs_runs(package):
    output = in_copy_of_machine(
        INSTALLED
        + """
        mutexd --sandbox --listen unix:/run/m.sock --management 127.0.0.1:19464 2>/run/log &
        until curl -sf http://127.0.0.1:19464/readyz; do kill -0 $!; done
        mutexctl --server unix:/run/m.sock list
        kill $! && wait $!
        """,
        keeping=package.parent,
    )
    assert "mutexd 0." in output
    assert "ready" in output


@needs_root
def test_an_upgrade_keeps_the_operators_settings_and_a_purge_leaves_nothing(package):
    in_copy_of_machine(
        INSTALLED
        + """
        echo 'region = "eu"' > /etc/mutexd/mutexd.toml
        echo secret > /etc/mutexd/amplitude-key
        dpkg -i /kept/*.deb
        grep -q eu /etc/mutexd/mutexd.toml
        mkdir -p /var/lib/private/mutexd
        dpkg -r mutexd
        test ! -e /usr/bin/mutexd
        test ! -e /usr/lib/systemd/system/mutexd.service
        grep -q eu /etc/mutexd/mutexd.toml
        test -e /etc/mutexd/amplitude-key
        dpkg -P mutexd
        test ! -e /etc/mutexd
        test ! -e /var/lib/private/mutexd
        test ! -e /usr/share/doc/mutexd
        """,
        keeping=package.parent,
    )
