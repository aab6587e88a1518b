"""The audit trail as a test reads it."""

from __future__ import annotations

import json
from pathlib import Path


def lines(path: Path, event: str = "write") -> list[dict]:
    """The lines of an event, in the order of the file. Every line of it must be whole."""
    read = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in read if line["event"] == event]
