"""What was installed, and programs that are run to use it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from process import REPOSITORY

PACKAGE = REPOSITORY / "client" / "cpp" / "package"


def run(command: Sequence[str | Path], **variables: str) -> str:
    """What the program printed; it must succeed."""
    # What was compiled in another folder need not be compiled again in this one.
    cache = {"CCACHE_BASEDIR": str(REPOSITORY), "CCACHE_NOHASHDIR": "1"}
    environment = {**os.environ, **cache, **variables}
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def compiler_launcher() -> list[str]:
    return ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []


@dataclass(frozen=True)
class Installed:
    """The folder that the package was installed into, and how programs find what is in it."""

    prefix: Path
    build: Path
    is_shared: bool

    def pkg_config(self, *arguments: str) -> list[str]:
        [file] = self.prefix.rglob("mutexgroups.pc")
        output = run(["pkg-config", *arguments, "mutexgroups"], PKG_CONFIG_PATH=str(file.parent))
        return output.split()

    @property
    def libraries(self) -> Path:
        return next(self.prefix.rglob("libmutexgroups.*")).parent


def install(prefix: Path, *, is_shared: bool) -> Installed:
    """The build's folder stays, so that another run is quick; what is installed is made anew."""
    build = REPOSITORY / "build" / "clients" / f"cpp-{'shared' if is_shared else 'static'}"
    library = f"-DBUILD_SHARED_LIBS={'ON' if is_shared else 'OFF'}"
    run(["cmake", "-S", PACKAGE, "-B", build, "-G", "Ninja", library, *compiler_launcher()])
    run(["cmake", "--build", build])
    run(["cmake", "--install", build, "--prefix", prefix])
    return Installed(prefix, build, is_shared)
