"""python -m tests.soak: see scripts/soak."""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import tempfile
import time
from pathlib import Path

from gateway import Gateway, metrics
from process import Process, binary

from .calls import ROUND, Mix
from .idle import IdleConnections
from .quiet_gateway import PLENTY, UNLIMITED_SANDBOX, QuietGateway, resident, url_of

MANY_CONNECTIONS = ("--max-connections", "100000")
CALLS_BESIDE_IDLE = 50_000
MIB = 1 << 20

# After the first round everything has its size; what comes is for fragmentation.
MOST_GROWTH = 8 * MIB


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description="A long run of mutexd.")
    parser.add_argument("--calls", type=int, default=1_000_000, help="how many calls (1000000)")
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections (10000)")
    return parser.parse_args()


def rpcs(gateway: Gateway) -> tuple[int, int]:
    """How many succeeded, and how many failed, by mutexd's own count."""
    succeeded = failed = 0
    for name, count in metrics(gateway.http("/metrics").body).items():
        if name.startswith("mutexd_rpc_requests_total{"):
            if 'code="OK"' in name:
                succeeded += int(count)
            else:
                failed += int(count)
    return succeeded, failed


class Soak:
    def __init__(self, gateway: Gateway, mix: Mix):
        self._gateway = gateway
        self._mix = mix
        self._counted_before = sum(rpcs(gateway))
        self._made = 0
        self.problems: list[str] = []

    def round(self, calls: int) -> None:
        self._made += self._mix.run_round(calls)
        succeeded, failed = rpcs(self._gateway)
        if failed:
            self.problems.append(f"{failed} calls failed")
        if succeeded + failed - self._counted_before != self._made:
            self.problems.append(f"{self._made} calls made, but {succeeded + failed} counted")

    def run_calls(self, calls: int) -> None:
        after_first = None
        while self._made < calls:
            begun = time.monotonic()
            self.round(min(ROUND, calls - self._made))
            memory = resident(self._gateway)
            after_first = after_first or memory
            seconds = time.monotonic() - begun
            print(
                f"{self._made:>9} calls: {memory / MIB:6.1f} MiB resident,"
                f" {(memory - after_first) / MIB:+5.1f} since the first round; {seconds:.0f} s",
                flush=True,
            )
        if memory - after_first > MOST_GROWTH:
            self.problems.append("memory grows with the calls")

    def hold_idle(self, count: int) -> None:
        before = resident(self._gateway)
        with IdleConnections(self._gateway.address, count) as idle:
            each = (resident(self._gateway) - before) / count
            self.round(CALLS_BESIDE_IDLE)
            print(
                f"{count:>9} idle connections: {each / 1024:.1f} KiB each;"
                f" {CALLS_BESIDE_IDLE} calls beside them, {idle.alive} still open after"
            )
            if idle.alive != count:
                self.problems.append(f"{count - idle.alive} idle connections were lost")


def main() -> int:
    arguments = parse_arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutexd-soak-"))
        # A process of its own, without the limits that it has inside mutexd.
        sandbox = Process([binary("mutexd-sandbox"), "--listen=127.0.0.1:0", *UNLIMITED_SANDBOX])
        stack.callback(sandbox.stop)
        gateway = QuietGateway("--amplitude-url", url_of(sandbox), *PLENTY, *MANY_CONNECTIONS)
        stack.callback(gateway.stop)
        soak = Soak(gateway, Mix(gateway, Path(folder)))
        soak.run_calls(arguments.calls)
        if arguments.idle:
            soak.hold_idle(arguments.idle)
        if (code := gateway.stop()) != 0:
            soak.problems.append(f"mutexd ended with {code}")
    for problem in soak.problems:
        print(f"soak: {problem}", file=sys.stderr)
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
