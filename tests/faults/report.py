"""What a run has shown, as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from .traffic import Memory, Outcome, Write

HEADS = ("Fault", "Calls/s served", "Failed", "p99", "Lost or doubled", "Well again after")


@dataclass(frozen=True)
class Span:
    """When a fault was, and until when its end was watched; monotonic seconds."""

    name: str
    begun: float
    ended: float
    watched: float


@dataclass(frozen=True)
class Result:
    fault: str
    seconds: float
    served_per_second: float
    errors: dict[str, int]
    errors_in_words: dict[str, int]
    p99_ms: float | None  # of what was served
    writes_acknowledged: int
    wrong: list[str]
    recovery_seconds: float

    def cells(self) -> tuple[str, ...]:
        errors = ", ".join(f"{count} {code}" for code, count in self.errors.items()) or "0"
        p99 = "–" if self.p99_ms is None else f"{self.p99_ms:.0f} ms"
        wrong = f"{len(self.wrong)} of {self.writes_acknowledged}"
        recovery = "at once" if self.recovery_seconds == 0 else f"{self.recovery_seconds:.1f} s"
        return (self.fault, f"{self.served_per_second:.0f}", errors, p99, wrong, recovery)


def p99(outcomes: list[Outcome]) -> float | None:
    times = sorted(outcome.ended - outcome.begun for outcome in outcomes)
    return times[math.ceil(len(times) * 0.99) - 1] * 1000 if times else None


def last_failure(memory: Memory, since: float, until: float = math.inf) -> float | None:
    """When the last call was begun, after `since`, that had failed by `until`."""
    failed = [
        outcome.begun
        for outcome in memory.outcomes
        if outcome.begun > since and outcome.ended < until and outcome.code != "OK"
    ]
    return max(failed, default=None)


def wrong_adds(writes: list[Write], members: list[str]) -> dict[str, str]:
    """What is wrong with each member: of those acknowledged, one; of those refused, none."""
    counts = Counter(members)
    wrong = {}
    for write in writes:
        found = counts.pop(write.name, 0)
        if write.code == "OK" and found == 0:
            wrong[write.name] = "acknowledged and lost"
        if found > 1:
            wrong[write.name] = "doubled"
        # An edit that may have been made is UNKNOWN, never UNAVAILABLE.
        if write.code == "UNAVAILABLE" and write.said_by_mutexd and found:
            wrong[write.name] = "refused and made"
    return wrong | dict.fromkeys(counts, "made by nobody")


def compare(memory: Memory, held: list[dict]) -> dict[str, str]:
    """What is wrong, by the write's name: what Amplitude has, against what writers were told."""
    by_id = {str(group["id"]): group for group in held}
    wrong: dict[str, str] = {}
    for group_id, writes in memory.adds.items():
        first, second = by_id[group_id]["slots"]
        wrong |= wrong_adds(writes, first["individuals"])
        wrong |= dict.fromkeys(second["individuals"], "in another slot")
    names = Counter(group["name"] for group in held)
    for create in memory.creates:
        if create.code == "OK" and names[create.name] == 0:
            wrong[create.name] = "acknowledged and lost"
        if names[create.name] > 1:
            wrong[create.name] = "doubled"
    return wrong


def results(memory: Memory, spans: list[Span], wrong: dict[str, str]) -> list[Result]:
    writes = [write for group in memory.adds.values() for write in group] + memory.creates
    found = []
    for span in spans:
        during = [o for o in memory.outcomes if span.begun <= o.begun < span.ended]
        served = [o for o in during if o.code == "OK"]
        failed = Counter(o.code for o in during if o.code != "OK")
        mine = [write for write in writes if span.begun <= write.begun < span.watched]
        last = last_failure(memory, span.ended, span.watched)
        found.append(
            Result(
                fault=span.name,
                seconds=round(span.ended - span.begun, 2),
                served_per_second=round(len(served) / (span.ended - span.begun), 1),
                errors=dict(sorted(failed.items())),
                errors_in_words=dict(Counter(f"{o.what}: {o.words}" for o in during if o.words)),
                p99_ms=p99(served),
                writes_acknowledged=sum(write.code == "OK" for write in mine),
                wrong=[f"{w.name}: {wrong[w.name]}" for w in mine if w.name in wrong],
                recovery_seconds=round(last - span.ended, 2) if last else 0.0,
            )
        )
    return found


def table(found: list[Result]) -> str:
    rows = [HEADS, tuple("---" for _ in HEADS), *(result.cells() for result in found)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def write(folder: Path, found: list[Result]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report").with_suffix(".md").write_text(table(found))
    (folder / "report.json").write_text(
        json.dumps([asdict(result) for result in found], indent=2, ensure_ascii=False) + "\n"
    )
