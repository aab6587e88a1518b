"""python -m tests.faults: see scripts/faults."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from process import REPOSITORY

from . import report
from .phases import PHASES, Phase
from .traffic import Traffic
from .world import World

QUIET_SECONDS = 1.5  # without a failed call: it is well again
LONGEST_RECOVERY = 15.0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/faults", description="mutexd among faults.")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a fault lasts (4)")
    parser.add_argument("--only", default="", help="the faults whose names contain this text")
    parser.add_argument(
        "--report", type=Path, default=REPOSITORY / "build" / "faults", help="where to write"
    )
    return parser.parse_args()


def live_through(phase: Phase, world: World, traffic: Traffic, seconds: float) -> report.Span:
    begun = time.monotonic()
    phase.begin(world)
    # Of itself what is begun may take longer than a fault lasts.
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    phase.end(world)
    ended = time.monotonic()
    well_since = ended
    while time.monotonic() < min(well_since + QUIET_SECONDS, ended + LONGEST_RECOVERY):
        time.sleep(0.1)
        well_since = report.last_failure(traffic.memory, ended) or ended
    return report.Span(phase.name, begun, ended, time.monotonic())


def problems(found: list[report.Result], wrong: dict[str, str]) -> list[str]:
    told = [f"{name}: {what}" for name, what in wrong.items()]
    for result in found:
        if result.recovery_seconds > LONGEST_RECOVERY - QUIET_SECONDS:
            told.append(f"{result.fault}: not well again")
        if not result.writes_acknowledged:
            told.append(f"{result.fault}: no write was acknowledged")
    return told


def main() -> int:
    arguments = parse_arguments()
    phases = [phase for phase in PHASES if arguments.only in phase.name]
    spans = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutexd-faults-"))
        world = World(Path(folder), stack)
        with Traffic(world.connect, world.setup_stub()) as traffic:
            for phase in phases:
                print(f"faults: {phase.name}", file=sys.stderr)
                spans.append(live_through(phase, world, traffic, arguments.seconds))
        wrong = report.compare(traffic.memory, world.groups())
    found = report.results(traffic.memory, spans, wrong)
    print(report.table(found))
    report.write(arguments.report, found)
    told = problems(found, wrong)
    for problem in told:
        print(f"faults: {problem}", file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
