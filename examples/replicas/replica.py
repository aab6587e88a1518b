"""A replica of mutexd on an address of its own, drained and started again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("MUTEXD_BIN_DIR", REPOSITORY / "build" / "release" / "bin"))
# Bounds a wait for what never comes.
PATIENCE_SECONDS = 120


def free_port(hosts: Sequence[str]) -> int:
    """A port that is free on all the hosts; none of those that the system gives to whoever asks for
    any, which could become another's while no replica listens."""
    while True:
        port = random.randrange(10_000, 32_000)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for host in hosts:
                stack.enter_context(socket.socket()).bind((host, port))
            return port


class Sandbox:
    """An emulator of Amplitude for all replicas; use it as a context manager."""

    def __enter__(self) -> Sandbox:
        command = [PROGRAMS / "mutexd-sandbox", "--listen", "127.0.0.1:0"]
        unlimited = ["--quota-per-second", "0", "--quota-per-day", "0"]
        self._process = subprocess.Popen(
            [*command, *unlimited], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().removeprefix("listening on ").strip()
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)


class Replica:
    """Use it as a context manager, which starts it."""

    def __init__(self, address: str, amplitude_url: str):
        self.address = address
        self._amplitude_url = amplitude_url
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        # Of the process that runs, or ran last: what its log says, a JSON object a line.
        self.log: list[dict] = []
        self._ended = False

    def __enter__(self) -> Replica:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        if self._process is not None and self._process.poll() is None:
            self.drain()

    def start(self) -> None:
        """Returns when it serves."""
        command = [PROGRAMS / "mutexd", "--listen", self.address, "--management", "off"]
        upstream = ["--amplitude-url", self._amplitude_url, "--log-format", "json"]
        # Real replicas divide what Amplitude allows; this emulator allows everything.
        unlimited = ["--quota-per-second", "1000000", "--quota-per-day", "1000000000"]
        self.log, self._ended = [], False
        self._process = subprocess.Popen(
            [*command, *upstream, *unlimited],
            env={"AMPLITUDE_MANAGEMENT_KEY": "ampex_sandbox"},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process, self.log))
        self._reader.start()
        self.wait_for(lambda: any(entry.get("msg") == "listening" for entry in self.log), "start")

    def _read(self, process: subprocess.Popen[str], log: list[dict]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with self._changed:
                log.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def drain(self) -> None:
        """SIGTERM; returns when it has ended in good order."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        assert code == 0, f"{self.address} ended with {code}"

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what shows in the log."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or condition(), PATIENCE_SECONDS)
            if not condition():
                raise AssertionError(f"{self.address}: waited in vain for {what}: {self.log[-20:]}")
