"""A copy of this machine that forgets what is done to it: for tests that install, as root."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_SECONDS = 180
NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child")
SYSTEMD = Path("/lib/systemd/systemd")
# Where systemd keeps its groups of processes: a hierarchy of its own, or the one for all.
GROUPS = Path("/sys/fs/cgroup/systemd")
UNIFIED_GROUPS = Path("/sys/fs/cgroup")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may lay a folder over another")
needs_systemd = pytest.mark.skipif(
    os.geteuid() != 0 or not SYSTEMD.exists() or not os.access(UNIFIED_GROUPS, os.W_OK),
    reason="only root may start another systemd",
)


def layers(top: str, keeping: Path) -> list[str]:
    """Commands that make the copy in `top`. What is written to it is in memory."""
    return [
        "set -e",
        f"mount -t tmpfs tmpfs {top}",
        f"mkdir {top}/upper {top}/work {top}/copy",
        f"mount -t overlay overlay {top}/copy"
        f" -o lowerdir=/,upperdir={top}/upper,workdir={top}/work",
        f"mount -t proc proc {top}/copy/proc",
        f"mount --rbind /dev {top}/copy/dev",
        f"mount --make-rslave {top}/copy/dev",
        f"mount -t tmpfs -o mode=755 tmpfs {top}/copy/run",
        f"mkdir {top}/copy/kept",
        f"mount --bind {keeping} {top}/copy/kept",
        "ip link set lo up",
    ]


def run(commands: list[str], group: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs commands with tables of mounts, processes and so on of their own, inside the group."""
    unshare = ["unshare", *NAMESPACES]
    if group is not None:
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        unshare = ["sh", "-c", enter, str(group), *unshare, "--cgroup"]
    return subprocess.run(
        [*unshare, "sh", "-c", "\n".join(commands)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def in_copy_of_machine(script: str, *, keeping: Path) -> str:
    """Runs a shell script in a copy of this machine's files, mounts, processes and network.

    What it writes goes to memory, and away. The folder `keeping` is the real one, at /kept.
    """
    with tempfile.TemporaryDirectory() as top:
        inner = shlex.quote(f"set -e\n{script}")
        outcome = run([*layers(top, keeping), f"exec chroot {top}/copy sh -c {inner}"])
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout


@contextlib.contextmanager
def group_of_processes() -> Iterator[Path]:
    """A group of this test's own, for a systemd that takes its own for the topmost one."""
    above = GROUPS if GROUPS.exists() else UNIFIED_GROUPS
    group = above / f"mutexd-test-{uuid.uuid4()}"
    group.mkdir()
    try:
        yield group
    finally:
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()


def on_booted_copy(script: str, *, before: str, keeping: Path) -> str:
    """Runs a script on a copy of this machine whose first process is systemd, with no other units.

    `before` is run in the copy before it starts. What the script prints is returned.
    """
    output = keeping / "output"
    # Given by name, so that quotes have one level only.
    (keeping / "script").write_text(f"set -e\n{script}\necho the end\n")
    unit = "\\n".join(
        [
            *("[Unit]", "DefaultDependencies=no", "[Service]", "Type=oneshot"),
            *("ExecStart=/bin/sh /kept/script", "ExecStopPost=+/bin/kill -s RTMIN+13 1"),
            *("StandardOutput=file:/kept/output", "StandardError=file:/kept/output", ""),
        ]
    )
    with tempfile.TemporaryDirectory() as top, group_of_processes() as group:
        copy = f"{top}/copy"
        if GROUPS.exists():
            groups = [
                f"mount -t tmpfs tmpfs {copy}/sys/fs/cgroup",
                f"mkdir {copy}/sys/fs/cgroup/systemd",
                f"mount -t cgroup -o none,name=systemd cgroup {copy}/sys/fs/cgroup/systemd",
            ]
        else:
            groups = [f"mount -t cgroup2 cgroup2 {copy}/sys/fs/cgroup"]
        outcome = run(
            [
                *layers(top, keeping),
                f"mount -t sysfs sysfs {copy}/sys",
                *groups,
                # It would write to the machine's own.
                f"mount --bind /dev/null {copy}/dev/console",
                f"printf '{unit}' > {copy}/usr/lib/systemd/system/probe.service",
                f"chroot {copy} sh -c {shlex.quote(f'set -e; {before}')}",
                f"mkdir {copy}/old",
                f"cd {copy}",
                "pivot_root . old",
                "umount -l /old",
                # As at a real start: credentials are mounts that must reach the services.
                "mount --make-rshared /",
                f"exec env -i container=test PATH=$PATH {SYSTEMD} --unit=probe.service </dev/null",
            ],
            group,
        )
    text = output.read_text() if output.exists() else ""
    assert text.endswith("the end\n"), f"{text}\n{outcome.stdout}\n{outcome.stderr}"
    return text
