"""The Debian package has what it must, and can be installed, run, upgraded and removed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import in_copy_of_machine, needs_root, needs_systemd, on_booted_copy
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
        "/usr/share/doc/mutexd/docs/configuration.md",
        "/usr/share/doc/mutexd/docs/operations.md",
        "/usr/share/doc/mutexd/mutexd.cdx.json",
        "/usr/share/mutexd/proto/mutexgroups/v1/mutex_group.proto",
    ):
        assert path in files, path
    assert all(kind.endswith(" root/root") for kind in files.values())
    writable = [path for path, kind in files.items() if kind[0] in "-d" and kind[8] == "w"]
    assert not writable


def test_it_depends_on_the_packages_of_all_libraries_that_the_programs_name(package):
    depends = field(package, "Depends")
    needed = set()
    for name in PROGRAMS:
        headers = subprocess.check_output(["objdump", "-p", binary(name)], text=True)
        needed |= set(re.findall(r"NEEDED\s+(\S+)", headers))
    assert len(needed) > 10
    found = subprocess.check_output(
        ["dpkg", "-S", *(f"*/{library}" for library in needed)], text=True
    )
    owners: dict[str, set[str]] = {library: set() for library in needed}
    for line in found.splitlines():
        owner, path = line.split(": ", 1)
        owners[Path(path).name].add(owner.partition(":")[0])
    for library, names in owners.items():
        # Of several packages that have one of this name, such as cross compilers', one is needed.
        patterns = [rf"(^|, |\| ){re.escape(name)}\b" for name in names]
        assert any(re.search(pattern, depends) for pattern in patterns), f"{library}: {depends}"
    assert "ca-certificates" in depends


INSTALLED = """
dpkg --force-unsafe-io -i /kept/*.deb
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
        dpkg --force-unsafe-io -i /kept/*.deb
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


WITH_KEY = """
dpkg --force-unsafe-io -i /kept/*.deb
echo ampex_key_of_the_test > /etc/mutexd/amplitude-key
chmod 600 /etc/mutexd/amplitude-key
"""
DROP_IN = "/run/systemd/system/mutexd.service.d/test.conf"


@needs_systemd
def test_the_unit_starts_reloads_and_stops_under_systemd(package):
    output = on_booted_copy(
        """
        systemctl start mutexd
        curl -s http://127.0.0.1:9464/readyz
        systemctl show mutexd -p StatusText -p User
        pid=$(systemctl show mutexd -p MainPID --value)
        grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$pid/status
        systemctl reload mutexd
        test $pid = $(systemctl show mutexd -p MainPID --value)
        systemctl stop mutexd
        systemctl show mutexd -p Result
        ls /var/lib/private/mutexd
        """,
        before=WITH_KEY,
        keeping=package.parent,
    )
    assert "ready\n" in output
    assert "StatusText=serving on 127.0.0.1:50051" in output
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
        assert line in output, output
    assert "Seccomp:\t2" in output, "its system calls are filtered"
    assert "Result=success" in output
    assert "quota.json" in output


@needs_systemd
def test_systemd_starts_a_process_anew_that_hangs(package):
    output = on_booted_copy(
        f"""
        mkdir -p {DROP_IN.rpartition("/")[0]}
        printf '[Service]\nWatchdogSec=1s\nRestartSec=100ms\n' > {DROP_IN}
        systemctl daemon-reload
        systemctl start mutexd
        first=$(systemctl show mutexd -p MainPID --value)
        kill -STOP $first
        until [ $(systemctl show mutexd -p NRestarts --value) = 1 ]; do sleep 0.1; done
        until [ "$(systemctl is-active mutexd)" = active ]; do sleep 0.1; done
        test $first != $(systemctl show mutexd -p MainPID --value)
        curl -s http://127.0.0.1:9464/readyz
        """,
        before=WITH_KEY,
        keeping=package.parent,
    )
    assert "ready\n" in output


@needs_systemd
def test_a_missing_key_and_bad_settings_keep_it_from_starting(package):
    output = on_booted_copy(
        """
        ! systemctl start mutexd
        systemctl show mutexd -p Result
        echo 'lisen = []' >> /etc/mutexd/mutexd.toml
        echo key > /etc/mutexd/amplitude-key
        systemctl reset-failed mutexd
        ! systemctl start mutexd
        systemctl show mutexd -p ExecMainStatus -p ActiveState
        """,
        before="dpkg --force-unsafe-io -i /kept/*.deb",
        keeping=package.parent,
    )
    assert "ExecMainStatus=2" in output
    assert "ActiveState=failed" in output, "it would be activating before another try"
