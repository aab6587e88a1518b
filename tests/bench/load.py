"""h2load: one phase of load, and what it measured."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .paths import BenchError, run

GRPC_HEADERS = ("content-type: application/grpc", "te: trailers")


@dataclass(frozen=True)
class Shape:
    """How much load."""

    connections: int
    streams: int  # of each connection
    requests: int


@dataclass(frozen=True)
class Target:
    """Where to, and with what body; a GET without."""

    url: str
    body: Path | None = None


@dataclass(frozen=True)
class Loaded:
    requests: int
    body_bytes: int  # payload of DATA frames received
    requests_per_second: float
    p50: float  # seconds
    p99: float
    errors: list[str]  # what the program can see; h2load: transport, HTTP status


def run_load(target: Target, shape: Shape) -> Loaded:
    h2load = shutil.which("h2load")
    if h2load is None:
        raise BenchError("h2load is missing; scripts/deps --bench installs it")
    with tempfile.NamedTemporaryFile(prefix="h2load-") as log:
        command = [h2load, "-t", "1", "-c", str(shape.connections), "-m", str(shape.streams)]
        command += ["-n", str(shape.requests), f"--log-file={log.name}"]
        if target.body is not None:
            command += ["-d", str(target.body)]
            command += [word for header in GRPC_HEADERS for word in ("-H", header)]
        output = run([*command, target.url], timeout=300)
        return parse(output, Path(log.name).read_text(), shape.requests)


def quantile(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def parse(output: str, log: str, requests: int) -> Loaded:
    """`log` has a line for each request: its start, HTTP status and duration, times in µs."""
    rate = re.search(r"finished in \S+, ([\d.]+) req/s", output)
    outcome = re.search(
        r"requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, "
        r"(\d+) errored, (\d+) timeout",
        output,
    )
    traffic = re.search(r"traffic: .*, \S+ \((\d+)\) data", output)
    if not (rate and outcome and traffic):
        raise BenchError(f"h2load said something else than expected:\n{output}")
    lines = [line.split() for line in log.splitlines()]
    errors = []
    total, succeeded, *bad = (int(number) for number in outcome.groups())
    if (total, succeeded) != (requests, requests) or any(bad):
        errors.append(outcome[0])
    if len(lines) != requests or any(status != "200" for _, status, _ in lines):
        errors.append(f"{len(lines)} requests in h2load's log, or not all with status 200")
    latencies = sorted(int(duration) / 1e6 for _, _, duration in lines) or [0.0]
    return Loaded(
        requests=requests,
        body_bytes=int(traffic[1]),
        requests_per_second=float(rate[1]),
        p50=quantile(latencies, 0.5),
        p99=quantile(latencies, 0.99),
        errors=errors,
    )
