"""One set of cases for every client: what Amplitude does, what is called, and what must come."""

import sys
from pathlib import Path

# The harness of the integration tests: mutexd as a process, a misbehaving Amplitude, certificates.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
