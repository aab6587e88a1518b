"""Where things are, and how programs are run."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).resolve().parent / "peers"
PROTO = REPOSITORY / "proto"
CACHE_BIN = REPOSITORY / ".cache" / "bin"
RELEASE_BIN = REPOSITORY / "build" / "release" / "bin"
OUTPUT = REPOSITORY / "build" / "bench"
CHART = REPOSITORY / "docs" / "images" / "performance.svg"


class BenchError(Exception):
    """Something without which no figure can be had; its text is for the user."""


def run(command: Sequence[str | Path], **options) -> str:
    """Runs a program that must succeed, and returns what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
