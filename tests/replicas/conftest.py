"""The example's own modules, and the conformance suite's runners."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
for folder in (REPOSITORY, REPOSITORY / "tests" / "integration", REPOSITORY / "examples/replicas"):
    sys.path.insert(0, str(folder))
