"""The figures to reach, and what a run says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

MIB = 1 << 20


class Results:
    """Medians over the rounds of a run."""

    def __init__(self, samples: dict, memory: dict, sidecar: dict):
        self._samples = samples
        self._memory = memory
        self._sidecar = sidecar

    def of(self, phase: str, contender: str, measure: str) -> float | None:
        values = self._samples.get(phase, {}).get(contender, {}).get(measure)
        return median(values) if values else None

    def resident(self, contender: str) -> float | None:
        return self._memory.get(contender, {}).get("resident")

    def sidecar(self, measure: str) -> float | None:
        values = self._sidecar.get(measure)
        return median(values) if values else None


@dataclass(frozen=True)
class Figure:
    """Something to reach: at most `must` and, better, `aim`; or at least, where more is better.

    Without either it is only told.
    """

    title: str
    against: str
    value: Callable[[Results], float | None]
    must: float | None = None
    aim: float | None = None
    more_is_better: bool = False
    unit: str = ""

    def verdict(self, value: float | None) -> str:
        if value is None:
            return "not measured"
        if self.must is None and self.aim is None:
            return ""
        if self.reached(value, self.aim):
            return "aim"
        return "must" if self.reached(value, self.must) else "missed"

    def reached(self, value: float, bound: float | None) -> bool:
        if bound is None:
            return False
        return value >= bound if self.more_is_better else value <= bound


def quotient(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or not theirs else mine / theirs


def ratio(phase: str, measure: str, peer: str) -> Callable[[Results], float | None]:
    return lambda results: quotient(
        results.of(phase, "mutexd", measure), results.of(phase, peer, measure)
    )


def added_latency(phase: str, peer: str) -> Callable[[Results], float | None]:
    """The ratio of what the gateways add to the median latency of asking directly."""

    def added(results: Results, contender: str) -> float | None:
        whole, floor = (results.of(phase, name, "p50") for name in (contender, "direct"))
        return None if whole is None or floor is None else whole - floor

    return lambda results: quotient(added(results, "mutexd"), added(results, peer))


def sidecar(measure: str, unit: float) -> Callable[[Results], float | None]:
    return lambda results: quotient(results.sidecar(measure), unit)


FIGURES = (
    Figure("small Get 4×50 equal, CPU", "Envoy", ratio("get", "cpu", "envoy"), 0.50, 0.35),
    Figure("small Get 4×50 equal, CPU", "grpc-go", ratio("get", "cpu", "grpc-go"), 0.80, 0.55),
    Figure("small Get 4×50 equal, rps", "Envoy", ratio("get", "rps", "envoy"), 1.5, 2.5, True),
    Figure("small Get 4×50 equal, rps", "grpc-go", ratio("get", "rps", "grpc-go"), 1.1, 1.6, True),
    Figure("small Get 4×50 equal, p99", "Envoy", ratio("get", "p99", "envoy"), 0.7, 0.4),
    Figure("small Get 4×50 equal, p99", "grpc-go", ratio("get", "p99", "grpc-go"), 0.7, 0.4),
    Figure("small Get 4×50 distinct, CPU", "Envoy", ratio("distinct", "cpu", "envoy")),
    Figure("small Get 4×50 distinct, CPU", "grpc-go", ratio("distinct", "cpu", "grpc-go")),
    Figure(
        "small Get 4×50 distinct, rps",
        "Envoy",
        ratio("distinct", "rps", "envoy"),
        more_is_better=True,
    ),
    Figure(
        "small Get 4×50 distinct, rps",
        "grpc-go",
        ratio("distinct", "rps", "grpc-go"),
        more_is_better=True,
    ),
    Figure("small Get 4×50 distinct, p99", "Envoy", ratio("distinct", "p99", "envoy")),
    Figure("small Get 4×50 distinct, p99", "grpc-go", ratio("distinct", "p99", "grpc-go")),
    Figure("small Get 1 stream, added", "Envoy", added_latency("get1", "envoy"), 0.65, 0.4),
    Figure("small Get 1 stream, added", "grpc-go", added_latency("get1", "grpc-go"), 1.0, 0.6),
    Figure("List of 1,000, latency", "Envoy", ratio("list", "p50", "envoy"), 0.40, 0.25),
    Figure("List of 1,000, latency", "grpc-go", ratio("list", "p50", "grpc-go"), 0.30, 0.18),
    Figure("List of 1,000, CPU", "Envoy", ratio("list", "cpu", "envoy"), 0.35, 0.25),
    Figure("List of 1,000, CPU", "grpc-go", ratio("list", "cpu", "grpc-go"), 0.22, 0.15),
    Figure("cached Get 4×50, rps", "bare gRPC", ratio("cached", "rps", "echo"), 0.8, 0.95, True),
    Figure(
        "resident memory after the run",
        "Envoy",
        lambda results: quotient(results.resident("mutexd"), results.resident("envoy")),
        0.7,
        0.4,
    ),
    Figure("sidecar, start to ready", "", sidecar("ready", 1e-3), 100, 40, unit="ms"),
    Figure("sidecar, idle resident", "", sidecar("idle_resident", MIB), 25, None, unit="MiB"),
    Figure("sidecar, idle anonymous", "", sidecar("idle_anonymous", MIB), None, 6, unit="MiB"),
)
