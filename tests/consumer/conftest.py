"""The C++ client's package, built and installed into a folder, and a service to call."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from gateway import Gateway  # noqa: E402
from installed import Installed, install  # noqa: E402


@pytest.fixture(scope="session", params=["static", "shared"])
def installed(request, tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp("prefix"), is_shared=request.param == "shared")


@pytest.fixture
def sandbox():
    """The address of a mutexd with sample groups."""
    gateway = Gateway("--sandbox", key=None)
    yield gateway.address
    assert gateway.stop() == 0
