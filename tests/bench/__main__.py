"""python -m tests.bench: see scripts/bench."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from . import build, calls, chart, process, report
from .figures import FIGURES, Results
from .load import Shape
from .paths import CHART, OUTPUT, BenchError, run
from .phases import Contender, Phase, Phases
from .servers import Echo, Envoy, GrpcGo, Mutexd, Server, Upstream
from .sidecar import measure_sidecar

ENVOY_CONCURRENCY = 1

PHASES = (
    Phase("get", "get", Shape(4, 50, 20000), 4000, "small Get, 4×50, equal"),
    Phase("get1", "get", Shape(1, 1, 3000), 500, "small Get, 1 stream"),
    Phase("list", "list", Shape(1, 1, 150), 20, "List of 1,000, 1 stream"),
)
DISTINCT = Phase(
    "distinct", "get", Shape(4, 50, 20000), 4000, "small Get, 4×50, distinct", distinct=True
)
CACHED = Phase("cached", "cached", Shape(4, 50, 40000), 4000, "cached Get, 4×50")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures mutexd beside Envoy's gRPC-JSON reverse transcoder and a grpc-go "
        "gateway, all on this machine: an Amplitude made of nginx, load by h2load, "
        "and by a generator of its own where each call asks for another group.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each takes its turn (5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, one round")
    parser.add_argument(
        "--phase",
        action="append",
        choices=[phase.name for phase in (*PHASES, DISTINCT, CACHED)] + ["sidecar"],
        help="only this one; repeatable",
    )
    parser.add_argument("--chart", action="store_true", help=f"draw {CHART.name} anew")
    parser.add_argument("--no-build", action="store_true", help="measure what is built already")
    return parser.parse_args()


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, arguments: argparse.Namespace, folder: Path, stack: contextlib.ExitStack):
        self._arguments = arguments
        self._folder = folder
        self._stack = stack
        self.rounds = 1 if arguments.quick else arguments.rounds
        self.upstream = self._running(Upstream(folder))
        self.phases = Phases(self.upstream, say)
        self.contenders: dict[str, list[str]] = {}
        self.titles: dict[str, str] = {}
        self.memory: dict[str, dict[str, float]] = {}
        self.sidecar: dict[str, list[float]] = {}

    def _running(self, server: Server) -> Server:
        self._stack.callback(server.stop)
        return server

    def _wanted(self, name: str) -> bool:
        return not self._arguments.phase or name in self._arguments.phase

    def _scaled(self, phase: Phase) -> Phase:
        if not self._arguments.quick:
            return phase
        shape = Shape(phase.shape.connections, phase.shape.streams, phase.shape.requests // 10)
        return dataclasses.replace(phase, shape=shape, warm_up=phase.warm_up // 10)

    def _contender(self, server: Server, its_calls: dict) -> Contender:
        contender = Contender(server.name, server, f"127.0.0.1:{server.port}", its_calls)
        for name, call in its_calls.items():
            contender.frames[name] = call.write_frame(self._folder / f"{server.name}.{name}.frame")
        return contender

    def run(self) -> None:
        own, envoy = calls.gateway_calls(), calls.envoy_calls()
        mutexd = self._contender(self._running(Mutexd(self._folder, self.upstream)), own)
        gateways = [
            mutexd,
            self._contender(
                self._running(Envoy(self._folder, self.upstream, ENVOY_CONCURRENCY)), envoy
            ),
            self._contender(self._running(GrpcGo(self._folder, self.upstream)), own),
        ]
        self._run_phases(
            [phase for phase in PHASES if self._wanted(phase.name)], gateways, direct=True
        )
        for gateway in gateways:
            used = process.memory(gateway.server.pid)
            self.memory[gateway.name] = {"resident": used.resident, "anonymous": used.anonymous}
        # After the look at the memory, which is compared as of the phases before.
        if self._wanted(DISTINCT.name):
            self._run_phases([DISTINCT], gateways, direct=False)
        if self._wanted(CACHED.name):
            self._run_cached(mutexd)
        if self._wanted("sidecar"):
            self._run_sidecar(own["get"])

    def _run_phases(self, phases: list[Phase], gateways: list[Contender], direct: bool) -> None:
        if not phases:
            return
        for phase in phases:
            self.titles[phase.name] = phase.title
            self.contenders[phase.name] = [gateway.name for gateway in gateways]
            if direct:
                self.contenders[phase.name].append("direct")
        for number in range(1, self.rounds + 1):
            say(f"round {number} of {self.rounds}")
            # Each goes first in turn.
            shift = number % len(gateways)
            order = gateways[shift:] + gateways[:shift]
            for phase in phases:
                self.phases.run_round(self._scaled(phase), order, direct)

    def _run_cached(self, mutexd: Contender) -> None:
        call = mutexd.calls["cached"]
        reply = call.answer(mutexd.address)
        before = self.upstream.requests()
        call.verify(mutexd.address)
        if self.upstream.requests() - before != 1:
            say("cached Get: skipped, mutexd does not answer from memory")
            return
        echo = self._contender(
            self._running(Echo(self._folder, reply)), {"cached": mutexd.calls["cached"]}
        )
        self.titles[CACHED.name] = CACHED.title
        self.contenders[CACHED.name] = ["mutexd", "echo"]
        for number in range(self.rounds):
            order = [mutexd, echo] if number % 2 else [echo, mutexd]
            self.phases.run_round(self._scaled(CACHED), order, direct=False)

    def _run_sidecar(self, call: calls.GrpcCall) -> None:
        for _ in range(self.rounds):
            for measure, value in measure_sidecar(self._folder, self.upstream, call).items():
                self.sidecar.setdefault(measure, []).append(value)

    def results(self) -> Results:
        return Results(self.phases.samples, self.memory, self.sidecar)


def as_document(bench: Bench, results: Results) -> dict:
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": run(["git", "describe", "--always", "--dirty"]).strip(),
        "cores": os.cpu_count(),
        "rounds": bench.rounds,
        "void": bench.phases.void,
        "samples": bench.phases.samples,
        "memory": bench.memory,
        "sidecar": bench.sidecar,
        "figures": [
            {
                "title": figure.title,
                "against": figure.against,
                "value": figure.value(results),
                "must": figure.must,
                "aim": figure.aim,
                "verdict": figure.verdict(figure.value(results)),
            }
            for figure in FIGURES
        ],
    }


def subtitle(bench: Bench) -> str:
    return (
        f"Medians of {bench.rounds} alternated rounds, all on one machine of "
        f"{os.cpu_count()} cores; Amplitude is an nginx beside them."
    )


def main() -> int:
    arguments = parse_arguments()
    if arguments.no_build:
        build.generate_python()
    else:
        say("building")
        build.build_all()
    with (
        tempfile.TemporaryDirectory(prefix="mutexd-bench-") as folder,
        contextlib.ExitStack() as stack,
    ):
        bench = Bench(arguments, Path(folder), stack)
        bench.run()
    results = bench.results()
    (OUTPUT / "results.json").write_text(json.dumps(as_document(bench, results), indent=1))
    print(report.measured_table(results, bench.titles, bench.contenders), end="\n\n")
    print(report.memory_table(bench.memory), end="\n\n")
    print(report.sidecar_table(results), end="\n\n")
    print(report.figures_table(results))
    if arguments.chart:
        CHART.parent.mkdir(parents=True, exist_ok=True)
        CHART.write_text(chart.draw(results, subtitle(bench)))
    for reason in bench.phases.void:
        print(f"void: {reason}")
    return 1 if bench.phases.void else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        say(str(error))
        sys.exit(1)
