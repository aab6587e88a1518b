"""What systemd listens on, and a way to make one thread of a process hang."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from fake_amplitude import PATIENCE_SECONDS

PTRACE_DETACH = 17
PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
WAIT_FOR_ANY_THREAD = 0x40000000  # __WALL


class NotifySocket:
    """Receives the datagrams of sd_notify(3)."""

    def __init__(self, address: str):
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)

    def __enter__(self) -> NotifySocket:
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def next(self, patience: float = PATIENCE_SECONDS) -> dict[str, str]:
        """The next message's assignments, waited for; TimeoutError when none comes."""
        self._socket.settimeout(patience)
        message = self._socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in message.splitlines())

    def next_with(self, name: str) -> dict[str, str]:
        """The next message that assigns this."""
        while name not in (message := self.next()):
            pass
        return message

    def forget(self) -> None:
        """Drops what has arrived."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(4096):
                pass


@contextlib.contextmanager
def hanging_thread(pid: int, name: str) -> Iterator[None]:
    """Stops the thread of this name, and only it, as a debugger does."""
    [thread] = [
        int(task.name)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if (task / "comm").read_text().strip() == name
    ]
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, WAIT_FOR_ANY_THREAD)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, thread)


def ptrace(request: int, thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace({request:#x}) of {thread}: {os.strerror(error)}")
