"""A copy of this machine that forgets what is done to it: for tests that install, as root."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may lay one folder over another"
)


def in_copy_of_machine(script: str, *, keeping: Path | None = None) -> str:
    """Runs a shell script in a copy of this machine's files, mounts, processes and network.

    What it writes goes to memory, and away. The folder `keeping` is the real one, at /kept.
    """
    with tempfile.TemporaryDirectory() as top:
        outer = [
            "set -e",
            f"mount -t tmpfs tmpfs {top}",
            f"mkdir {top}/upper {top}/work {top}/root",
            f"mount -t overlay overlay {top}/root"
            f" -o lowerdir=/,upperdir={top}/upper,workdir={top}/work",
            f"mount -t proc proc {top}/root/proc",
            f"mount --rbind /dev {top}/root/dev",
            f"mount -t tmpfs tmpfs {top}/root/run",
        ]
        if keeping is not None:
            outer += [f"mkdir {top}/root/kept", f"mount --bind {keeping} {top}/root/kept"]
        inner = "set -e\nip link set lo up\n" + script
        outer.append(f"exec chroot {top}/root sh -c {shlex.quote(inner)}")
        outcome = subprocess.run(
            ["unshare", "--mount", "--pid", "--net", "--fork", "sh", "-c", "\n".join(outer)],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout
