"""Two replicas of mutexd behind one name, each drained and started again while calls go on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from name_server import NameServer
from replica import Replica, Sandbox, free_port

NAME = "mutexd.test"
HOSTS = ["127.0.0.1", "127.0.0.2"]


@contextlib.contextmanager
def replicas_behind_a_name() -> Iterator[tuple[list[Replica], str]]:
    """The replicas, and a target of gRPC: a name server, and the name that it knows."""
    with contextlib.ExitStack() as stack:
        port = free_port(HOSTS)
        sandbox = stack.enter_context(Sandbox())
        replicas = [Replica(f"{host}:{port}", sandbox.url) for host in HOSTS]
        for replica in replicas:
            stack.enter_context(replica)
        names = stack.enter_context(NameServer(NAME, HOSTS))
        yield replicas, f"dns://{names.address}/{NAME}:{port}"


def restart_one_by_one(
    replicas: Sequence[Replica], callers: set[str], say: Callable[[str], None] = print
) -> None:
    """`callers` are the correlation ids of all clients. None may be without a connection to the one
    replica when the other goes."""

    def wait_for_everybody(replica: Replica) -> None:
        before = len(replica.log)

        def everybody_called() -> bool:
            return callers <= {entry.get("rpc_id") for entry in replica.log[before:]}

        replica.wait_for(everybody_called, "calls of every client")
        say(f"{replica.address} gets calls")

    for replica in replicas:
        wait_for_everybody(replica)
    for replica in replicas:
        replica.drain()
        say(f"{replica.address} is drained, and has ended")
        for other in replicas:
            if other is not replica:
                wait_for_everybody(other)
        replica.start()
        say(f"{replica.address} is started again")
        wait_for_everybody(replica)


class Callers:
    """Threads that call until they are told to stop; use it as a context manager."""

    def __init__(self, names: Sequence[str], call: Callable[[str], str | None]):
        """`call` makes a call in the name of its argument, and tells how it failed, if it did."""
        self._call = call
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(name,)) for name in names]
        self._lock = threading.Lock()
        self.made = 0
        self.failures: list[str] = []

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str) -> None:
        # A pause leaves the processor to others.
        while not self._stop.wait(0.005):
            failure = self._call(name)
            with self._lock:
                self.made += 1
                if failure is not None:
                    self.failures.append(f"{name}: {failure}")
