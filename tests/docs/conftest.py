"""The tests of docs/ start the real binaries with the harness of the integration tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import gateway  # noqa: E402, F401  # generates the API's modules
