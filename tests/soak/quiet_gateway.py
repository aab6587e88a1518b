"""mutexd and the emulator of Amplitude as the long runs use them."""

from __future__ import annotations

import socket
from pathlib import Path

from fake_amplitude import wait_until
from gateway import Gateway
from process import Process

UNLIMITED_SANDBOX = ("--quota-per-second=0", "--quota-per-day=0")
PLENTY = ("--quota-per-second", "1000000", "--quota-per-day", "1000000000")


def url_of(sandbox: Process) -> str:
    wait_until(lambda: "listening on" in sandbox.stdout, "the emulator listens")
    return sandbox.stdout.partition("listening on ")[2].split()[0]


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class QuietGateway(Gateway):
    """Logs no line for each call: reading a million would slow it down, and lines that wait take
    memory."""

    def __init__(self, *flags: str, address: str | None = None, **options):
        self._address, self._management = address or free_address(), free_address()
        listeners = ("--listen", self._address, "--management", self._management)
        super().__init__("--log-level", "warning", *listeners, *flags, **options)
        wait_until(self._is_ready, "mutexd is ready")

    def _is_ready(self) -> bool:
        try:
            return self.http("/readyz").status == 200
        except OSError:
            return False

    @property
    def address(self) -> str:
        return self._address

    @property
    def management(self) -> str:
        return self._management


def resident(gateway: Gateway) -> int:
    """Bytes."""
    for line in Path(f"/proc/{gateway.popen.pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmRSS":
            return int(value.split()[0]) * 1024
    raise SystemExit("soak: mutexd is gone")
