"""The steady load: readers, writers that remember what they were told, and newcomers."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

READERS, READS_A_SECOND = 4, 25.0  # of each
WRITERS, WRITES_A_SECOND = 6, 8.0  # of each, at most: a write begins when the one before has ended
NEWCOMERS_A_SECOND = 2.0  # each with a connection, and handshake, of its own
CREATE_EVERY = 20  # writes
DEADLINE = 2.0  # seconds
CREATE_ATTEMPTS, CREATE_PAUSE = 8, 0.25

# Callers come back quickly: what is measured is mutexd's recovery and not their patience.
OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 500),
)

Connect = Callable[[], grpc.Channel]


@dataclass(frozen=True)
class Outcome:
    what: str
    begun: float
    ended: float
    code: str
    words: str  # of a failure


@dataclass(frozen=True)
class Write:
    """What a writer was told of a write. `said_by_mutexd` is false where its own library speaks."""

    name: str
    begun: float
    code: str
    said_by_mutexd: bool


@dataclass
class Memory:
    """What became of all calls."""

    outcomes: list[Outcome] = field(default_factory=list)
    adds: dict[str, list[Write]] = field(default_factory=dict)  # by group id
    creates: list[Write] = field(default_factory=list)

    def note(self, what: str, begun: float, call) -> str:
        code, words = call.code().name, call.details() or ""
        self.outcomes.append(Outcome(what, begun, time.monotonic(), code, words))
        return code


def is_from_mutexd(call) -> bool:
    return any(key == "grpc-status-details-bin" for key, _ in call.trailing_metadata() or ())


class Traffic:
    def __init__(self, connect: Connect, setup: service_grpc.MutexGroupServiceStub):
        self._connect = connect
        self._stopped = threading.Event()
        self.memory = Memory()
        self._ids = [self._make_group(setup, number) for number in range(WRITERS)]
        work = [(self._read, number) for number in range(READERS)]
        work += [(self._write, number) for number in range(WRITERS)]
        work += [(self._arrive, 0)]
        self._threads = [threading.Thread(target=act, args=(number,)) for act, number in work]

    @staticmethod
    def _make_group(stub, number: int) -> str:
        slots = [groups.Slot(percentage=50), groups.Slot(percentage=50)]
        group = groups.MutexGroup(project_id=1, name=f"Writer {number}", slots=slots)
        request = api.CreateMutexGroupRequest(mutex_group=group)
        return stub.CreateMutexGroup(request, timeout=30).mutex_group.id

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ticks(self, rate: float, number: int = 0):
        """Comes at a steady pace until the end; what was missed is not made up for."""
        due = time.monotonic() + number / (rate * max(READERS, WRITERS))
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            yield
            due = max(due + 1 / rate, time.monotonic())

    def _read(self, number: int) -> None:
        """Does not wait for answers: the load stays while calls hang."""
        pending: list[grpc.Future] = []
        with self._connect() as channel:
            stub = service_grpc.MutexGroupServiceStub(channel)
            turn = number
            for _ in self._ticks(READS_A_SECOND, number):
                turn += 1
                request = api.GetMutexGroupRequest(mutex_group_id=self._ids[turn % WRITERS])
                begun = time.monotonic()
                call = stub.GetMutexGroup.future(request, timeout=DEADLINE)
                call.add_done_callback(lambda call, begun=begun: self._note_read(begun, call))
                pending = [other for other in pending if not other.done()] + [call]
            for call in pending:
                call.exception(timeout=30)

    def _note_read(self, begun: float, call) -> None:
        self.memory.note("read", begun, call)

    def _arrive(self, _: int) -> None:
        for _ in self._ticks(NEWCOMERS_A_SECOND):
            with self._connect() as channel:
                stub = service_grpc.MutexGroupServiceStub(channel)
                request = api.GetMutexGroupRequest(mutex_group_id=self._ids[0])
                begun = time.monotonic()
                call = stub.GetMutexGroup.future(request, timeout=DEADLINE)
                call.exception(timeout=30)
                self.memory.note("newcomer", begun, call)

    def _write(self, number: int) -> None:
        """In a group and a slot that nobody else writes to."""
        mine = self.memory.adds.setdefault(self._ids[number], [])
        with self._connect() as channel:
            stub = service_grpc.MutexGroupServiceStub(channel)
            for count, _ in enumerate(self._ticks(WRITES_A_SECOND, number), start=1):
                name = f"w{number}-{count}"
                if count % CREATE_EVERY == 0:
                    self._create(stub, name)
                else:
                    mine.append(self._add(stub, self._ids[number], name))

    def _add(self, stub, group_id: str, name: str) -> Write:
        request = api.AddSlotMembersRequest(
            mutex_group_id=group_id, slot_index=1, individuals=[name]
        )
        begun = time.monotonic()
        call = stub.AddSlotMembers.future(request, timeout=DEADLINE)
        call.exception(timeout=30)
        return Write(name, begun, self.memory.note("write", begun, call), is_from_mutexd(call))

    def _create(self, stub, name: str) -> None:
        """Repeated under its own id until it is acknowledged, as callers are told to."""
        slots = [groups.Slot(percentage=100)]
        request = api.CreateMutexGroupRequest(
            mutex_group=groups.MutexGroup(project_id=1, name=name, slots=slots),
            request_id=str(uuid.uuid4()),
        )
        begun = time.monotonic()
        for _ in range(CREATE_ATTEMPTS):
            attempt = time.monotonic()
            call = stub.CreateMutexGroup.future(request, timeout=DEADLINE)
            call.exception(timeout=30)
            code = self.memory.note("create", attempt, call)
            if code == "OK" or self._stopped.wait(CREATE_PAUSE):
                break
        self.memory.creates.append(Write(name, begun, code, is_from_mutexd(call)))
