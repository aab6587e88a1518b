"""The faults, in the order in which they happen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .toxiproxy import Proxy
from .world import World

Act = Callable[[World], None]


def nothing(_: World) -> None:
    pass


@dataclass(frozen=True)
class Phase:
    """`begin` breaks something; `seconds` later `end` mends it."""

    name: str
    begin: Act = nothing
    end: Act = nothing


def to_callers(world: World) -> list[Proxy]:
    return world.from_callers


def to_amplitude(world: World) -> list[Proxy]:
    return [world.to_amplitude]


def spoilt(name: str, way, kind: str, share: float = 1.0, **attributes: int) -> Phase:
    def begin(world: World) -> None:
        for proxy in way(world):
            proxy.spoil(kind, share, **attributes)

    def end(world: World) -> None:
        for proxy in way(world):
            proxy.heal()

    return Phase(name, begin, end)


def gone(name: str, way) -> Phase:
    def turn(on: bool) -> Act:
        return lambda world: [proxy.turn(on) for proxy in way(world)] and None

    return Phase(name, turn(False), turn(True))


def change_certificates(world: World) -> None:
    for _ in range(5):
        world.use_renewed_certificate()
        time.sleep(0.3)


def replace(world: World) -> None:
    expect_orderly(world.replace_gateway())


def restart(world: World) -> None:
    expect_orderly(world.restart_gateway())


def expect_orderly(code: int) -> None:
    if code != 0:
        raise SystemExit(f"faults: mutexd ended with {code}")


BOTH = (("callers ↔ mutexd", to_callers), ("mutexd ↔ Amplitude", to_amplitude))


def both_ways(name: str, kind: str, share: float = 1.0, **attributes: int) -> Iterable[Phase]:
    for where, way in BOTH:
        yield spoilt(f"{name}, {where}", way, kind, share, **attributes)


PHASES = (
    Phase("none"),
    *both_ways("50 ± 30 ms each way", "latency", latency=50, jitter=30),
    *both_ways("half of the connections reset at their first byte", "reset_peer", 0.5, timeout=0),
    *both_ways("64 KiB/s for each connection", "bandwidth", rate=64),
    *both_ways("black hole", "timeout", timeout=0),
    *both_ways("closing takes a second", "slow_close", delay=1000),
    gone("all connections cut and refused, callers ↔ mutexd", to_callers),
    gone("all connections cut and refused, mutexd ↔ Amplitude", to_amplitude),
    Phase("Amplitude killed, and back", World.kill_sandbox, World.start_sandbox),
    Phase("rolling restart of mutexd", replace),
    Phase("mutexd drained, then started again", restart),
    Phase("mutexd killed (SIGKILL), then started again", World.kill_gateway),
    Phase("five new certificates", change_certificates),
    Phase("management key revoked and replaced", World.revoke_first_key),
)
