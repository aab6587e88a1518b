"""The measured phases: every gateway in turn, round after round, one under load at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import process, workload
from .calls import GrpcCall, Sizes
from .distinct import check_asked, run_distinct_load
from .load import Loaded, Shape, Target, run_load
from .paths import BenchError
from .servers import Server, Upstream


@dataclass(frozen=True)
class Phase:
    name: str
    call: str  # of calls.py
    shape: Shape
    warm_up: int  # requests that are not measured, before each measured part
    title: str
    distinct: bool = False  # each call asks for another group


@dataclass
class Contender:
    """Something that takes part in phases."""

    name: str
    server: Server
    address: str
    calls: dict[str, GrpcCall]
    frames: dict[str, Path] = field(default_factory=dict)

    def target(self, call: str) -> Target:
        return Target(f"http://{self.address}{self.calls[call].path}", self.frames[call])

    def load(self, phase: Phase, shape: Shape) -> Loaded:
        if phase.distinct:
            return run_distinct_load(self.address, self.calls[phase.call], shape)
        return run_load(self.target(phase.call), shape)


# Of one contender in one phase: a list with one figure for each round.
Samples = dict[str, list[float]]


class Phases:
    """Runs phases and collects samples[phase][contender][measure]; what went wrong is in `void`."""

    def __init__(self, upstream: Upstream, say: Callable[[str], None]):
        self._upstream = upstream
        self._say = say
        self.samples: dict[str, dict[str, Samples]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        self.void: list[str] = []

    def run_round(self, phase: Phase, contenders: list[Contender], direct: bool) -> None:
        for contender in contenders:
            where = f"{phase.name}, {contender.name}"
            try:
                self._measure(phase, contender, where)
            except BenchError as error:
                self._declare_void(f"{where}: {error}")
        if direct:
            try:
                self._measure_direct(phase)
            except BenchError as error:
                self._declare_void(f"{phase.name}, direct: {error}")

    def _declare_void(self, reason: str) -> None:
        self.void.append(reason)
        self._say(f"VOID: {reason}")

    def _measure(self, phase: Phase, contender: Contender, where: str) -> None:
        call, server = contender.calls[phase.call], contender.server
        sizes = call.verify(contender.address)
        warm_shape = Shape(phase.shape.connections, phase.shape.streams, phase.warm_up)
        contender.load(phase, warm_shape)

        ok_before, asked_before = server.answered_ok(), self._upstream.requests()
        cpu_before = process.cpu_seconds(server.pid)
        upstream_cpu_before = self._upstream.cpu_seconds()
        loaded = contender.load(phase, phase.shape)
        cpu = process.cpu_seconds(server.pid) - cpu_before
        upstream_cpu = self._upstream.cpu_seconds() - upstream_cpu_before
        # The look at its status is a request too.
        asked = self._upstream.requests() - asked_before - 1
        ok_after = server.answered_ok()

        call.verify(contender.address)
        check(loaded, sizes)
        if phase.distinct:
            check_asked(asked, phase.shape.requests)
        if ok_before is not None and ok_after is not None:
            answered = ok_after - ok_before
            if answered != phase.shape.requests:
                raise BenchError(f"{answered} of {phase.shape.requests} answers were good")
        if server.complaints():
            raise BenchError(f"it complained: {server.complaints()[:500]}")

        samples = self.samples[phase.name][contender.name]
        keep(samples, loaded)
        samples["cpu"].append(cpu / phase.shape.requests)
        samples["upstream_cpu"].append(upstream_cpu / phase.shape.requests)
        samples["upstream_requests"].append(asked / phase.shape.requests)
        self._say(
            f"{where}: {loaded.requests_per_second:.0f} rps, "
            f"p50 {loaded.p50 * 1e6:.0f} µs, p99 {loaded.p99 * 1e6:.0f} µs, "
            f"CPU {cpu / phase.shape.requests * 1e6:.0f} µs"
        )

    def _measure_direct(self, phase: Phase) -> None:
        path, body = {
            "get": (f"/api/1/mutexes/{workload.GROUP_ID}", workload.small_body()),
            "list": (f"/api/1/mutexes?limit={workload.LIST_GROUPS}", workload.list_body()),
        }[phase.call]
        target = Target(self._upstream.url + path)
        warm_shape = Shape(phase.shape.connections, phase.shape.streams, phase.warm_up)
        run_load(target, warm_shape)
        loaded = run_load(target, phase.shape)
        check(loaded, Sizes(len(body), len(body)))
        keep(self.samples[phase.name]["direct"], loaded)
        self._say(
            f"{phase.name}, direct: {loaded.requests_per_second:.0f} rps, "
            f"p50 {loaded.p50 * 1e6:.0f} µs, p99 {loaded.p99 * 1e6:.0f} µs"
        )


def check(loaded: Loaded, sizes: Sizes) -> None:
    """A single error or wrong size makes the phase void."""
    if loaded.errors:
        raise BenchError("; ".join(loaded.errors))
    least, most = sizes.least * loaded.requests, sizes.most * loaded.requests
    if not least <= loaded.body_bytes <= most:
        raise BenchError(f"{loaded.body_bytes} bytes came instead of {least} to {most}")


def keep(samples: Samples, loaded: Loaded) -> None:
    samples["rps"].append(loaded.requests_per_second)
    samples["p50"].append(loaded.p50)
    samples["p99"].append(loaded.p99)
