"""The mix of calls of a soak, in rounds of 100,000."""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from gateway import Gateway

ROUND = 100_000
GROUPS = 8
WRITES = 1_000
MINUTE = Duration(seconds=60)


@dataclass(frozen=True)
class Load:
    """What one h2load does: `share` of a round, by as many connections and streams of each."""

    method: str
    request: Message
    share: float
    connections: int
    streams: int


class Mix:
    """The calls, prepared once."""

    def __init__(self, gateway: Gateway, folder: Path):
        self._gateway = gateway
        self._folder = folder
        self._stub = gateway.stub()
        self._ids = [self._create(number) for number in range(GROUPS)]
        self._writes = 0

    def _create(self, number: int) -> str:
        group = groups.MutexGroup(
            project_id=1,
            name=f"Soak {number}",
            slots=[groups.Slot(percentage=50), groups.Slot(percentage=50)],
        )
        request = api.CreateMutexGroupRequest(mutex_group=group)
        return self._stub.CreateMutexGroup(request).mutex_group.id

    def _turns(self) -> Iterable[list[Load]]:
        """The loads of a round: those of a list run side by side."""
        # Each connection reads a group of its own, one read after another: none is shared.
        yield [Load("GetMutexGroup", self._get(each), 0.25 / GROUPS, 1, 1) for each in self._ids]
        first = self._ids[0]
        yield [Load("GetMutexGroup", self._get(first), 0.25, 4, 50)]
        yield [Load("GetMutexGroup", self._get(first, MINUTE), 0.35, 4, 50)]
        yield [Load("ListMutexGroups", api.ListMutexGroupsRequest(), 0.07, 2, 10)]
        kept = api.ListMutexGroupsRequest(max_staleness=MINUTE)
        yield [Load("ListMutexGroups", kept, 0.07, 2, 10)]

    @staticmethod
    def _get(group_id: str, max_staleness: Duration | None = None) -> Message:
        return api.GetMutexGroupRequest(mutex_group_id=group_id, max_staleness=max_staleness)

    def run_round(self, calls: int) -> int:
        """Makes about so many calls; returns how many it made."""
        made = 0
        for turn in self._turns():
            made += self._run_turn(turn, calls)
        writes = WRITES * calls // ROUND
        for _ in range(writes):
            self._write()
        return made + writes

    def _run_turn(self, turn: list[Load], calls: int) -> int:
        started = [self._start(load, max(1, round(load.share * calls))) for load in turn]
        return sum(finish(process) for process in started)

    def _start(self, load: Load, requests: int) -> subprocess.Popen[str]:
        body = load.request.SerializeToString()
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            file.write(struct.pack(">BI", 0, len(body)) + body)
        command = ["h2load", "-t1", f"-c{load.connections}", f"-m{load.streams}", f"-n{requests}"]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers", "-d", file.name]
        url = f"http://{self._gateway.address}/mutexgroups.v1.MutexGroupService/{load.method}"
        return subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True)

    def _write(self) -> None:
        """Each changes something: the slot's individuals alternate."""
        self._writes += 1
        request = api.UpdateSlotRequest(
            mutex_group_id=self._ids[self._writes % GROUPS],
            slot_index=1,
            slot=groups.Slot(individuals=[f"user-{self._writes // GROUPS % 2}"]),
        )
        request.update_mask.paths.append("individuals")
        self._stub.UpdateSlot(request, timeout=60)


def finish(process: subprocess.Popen[str]) -> int:
    """Waits for an h2load; returns how many requests it made, all with status 200."""
    output, _ = process.communicate(timeout=600)
    outcome = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", output)
    if outcome is None or outcome[1] != outcome[2]:
        raise SystemExit(f"soak: h2load had failures:\n{output}")
    return int(outcome[1])
