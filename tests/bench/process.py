"""What the system says of a process: CPU time, memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far, in steps of 10 ms."""
    # The name, in parentheses, may have spaces; utime is the 14th field of the line.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


@dataclass(frozen=True)
class Memory:
    """Bytes."""

    resident: int
    anonymous: int


def memory(pid: int) -> Memory:
    fields = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name] = value.split()
    return Memory(
        resident=int(fields["VmRSS"][0]) * 1024,
        anonymous=int(fields["RssAnon"][0]) * 1024,
    )
