"""The C++ client's package, built and installed into a folder, and a service to call."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from gateway import Gateway  # noqa: E402
from installed import PACKAGE, Installed, compiler_launcher, run  # noqa: E402
from process import REPOSITORY  # noqa: E402


@pytest.fixture(scope="session", params=["static", "shared"])
def installed(request, tmp_path_factory) -> Installed:
    """The build's folder stays, so that another run is quick; what is installed is made anew."""
    is_shared = request.param == "shared"
    build = REPOSITORY / "build" / "clients" / f"cpp-{request.param}"
    prefix = tmp_path_factory.mktemp("prefix")
    library = f"-DBUILD_SHARED_LIBS={'ON' if is_shared else 'OFF'}"
    run(["cmake", "-S", PACKAGE, "-B", build, "-G", "Ninja", library, *compiler_launcher()])
    run(["cmake", "--build", build])
    run(["cmake", "--install", build, "--prefix", prefix])
    return Installed(prefix, build, is_shared)


@pytest.fixture
def sandbox():
    """The address of a mutexd with sample groups."""
    gateway = Gateway("--sandbox", key=None)
    yield gateway.address
    assert gateway.stop() == 0
