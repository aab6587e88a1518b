"""A caller that means harm: frames of HTTP/2 as they please, and mutexd watched meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from pathlib import Path

import grpc
from hyperframe.frame import (
    DataFrame,
    Frame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

from gateway import Gateway

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MIB = 1 << 20
SETTLING = 2.0  # seconds


def fields(method: str, *more: tuple[str, str]) -> bytes:
    """The header block of a call. Nothing of it enters the table that connections keep."""
    wanted = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/mutexgroups.v1.MutexGroupService/{method}"),
        (":authority", "mutexd"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *more,
    ]
    return b"".join(b"\x00" + literal(name) + literal(value) for name, value in wanted)


def literal(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 127
    return bytes([len(data)]) + data


def message(request, compressed: bool = False) -> bytes:
    body = request if isinstance(request, bytes) else request.SerializeToString()
    return struct.pack(">BI", compressed, len(body)) + body


def headers(stream: int, block: bytes, *flags: str) -> bytes:
    return HeadersFrame(stream, block, flags=["END_HEADERS", *flags]).serialize()


def call(stream: int, block: bytes, body: bytes) -> bytes:
    return headers(stream, block) + DataFrame(stream, body, flags=["END_STREAM"]).serialize()


def reset(stream: int) -> bytes:
    return RstStreamFrame(stream, error_code=8).serialize()


def settings(window: int = 65_535) -> bytes:
    return SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: window}).serialize()


class Connection:
    """A socket to mutexd on which anything can be said; nothing is read unless asked for."""

    def __init__(self, gateway: Gateway, greeting: bytes | None = None):
        host, _, port = gateway.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), 30)
        self.socket.settimeout(2)
        self.send(PREFACE + settings() if greeting is None else greeting)

    def send(self, data: bytes) -> bool:
        """False: mutexd has ended the connection, or takes no more."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def read_in_background(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.frames: list[str] = []
        self._reader.start()

    def _read(self) -> None:
        kept = b""
        try:
            self.socket.settimeout(None)
            while data := self.socket.recv(65536):
                kept += data
                while len(kept) >= 9:
                    frame, length = Frame.parse_frame_header(memoryview(kept[:9]))
                    if len(kept) < 9 + length:
                        break
                    self.frames.append(type(frame).__name__.removesuffix("Frame"))
                    kept = kept[9 + length :]
        except OSError:
            pass

    @property
    def over(self) -> bool:
        return not self._reader.is_alive()

    def ended(self, seconds: float) -> bool:
        """Whether mutexd ends the connection in this time."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Siege:
    """Watches mutexd during an attack: another caller is served, and nothing stays of it.

    Prints what it cost; `pytest -rP` shows that.
    """

    # Others run beside, on machines that may be slow: a caller who is shut out waits for ever.
    SLOWEST = 20.0  # seconds, of 99 in 100 calls

    def __init__(
        self,
        gateway: Gateway,
        group_id: int,
        name: str,
        most_memory: int = 256 * MIB,
        most_kept: int = 128 * MIB,
    ):
        self._most_kept = most_kept
        self._gateway = gateway
        self._name = name
        self._most = most_memory
        self._over = threading.Event()
        self._seconds: list[float] = []
        self._errors: list[str] = []
        self._request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
        self._request.max_staleness.FromSeconds(60)
        self._channel = gateway.channel(**{"grpc.use_local_subchannel_pool": 1})
        self._stub = service_grpc.MutexGroupServiceStub(self._channel)
        self._threads = [
            threading.Thread(target=self._call_on),
            threading.Thread(target=self._watch_memory),
        ]

    def _call_on(self) -> None:
        while not self._over.wait(0.01):
            begun = time.monotonic()
            try:
                self._stub.GetMutexGroup(self._request, timeout=10)
            except grpc.RpcError as error:
                self._errors.append(f"{error.code()}: {error.details()}")
            self._seconds.append(time.monotonic() - begun)

    def _watch_memory(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self.memory())

    def memory(self) -> int:
        pages = Path(f"/proc/{self._gateway.popen.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self._gateway.popen.pid}/fd"))

    def cpu(self) -> float:
        words = Path(f"/proc/{self._gateway.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Siege:
        self._stub.GetMutexGroup(self._request, timeout=30)
        self.before = self.peak = self.memory()
        self._descriptors_before = self.descriptors()
        self._cpu_before, self._begun = self.cpu(), time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def _settle(self) -> None:
        """Time for what has ended to be freed; memory may stay with the allocator."""
        end = time.monotonic() + SETTLING
        while time.monotonic() < end and (
            self.descriptors() > self._descriptors_before or self.memory() > self.before + MIB
        ):
            time.sleep(0.02)

    def __exit__(self, kind, *_) -> None:
        # The other caller goes on for a moment, for what an attack leaves behind harms later.
        self._over.wait(0.2)
        lasted, cpu = time.monotonic() - self._begun, self.cpu() - self._cpu_before
        self._over.set()
        for thread in self._threads:
            thread.join()
        if kind is not None:
            return
        self._settle()
        more_descriptors = self.descriptors() - self._descriptors_before
        slowest = sorted(self._seconds)[int(len(self._seconds) * 0.99)]
        peak, kept = self.peak - self.before, self.memory() - self.before
        print(
            f"| {self._name} | {lasted:.1f} s | {cpu:.2f} s"
            f" | {peak / MIB:+.0f} MiB | {kept / MIB:+.0f} MiB"
            f" | {len(self._errors)} of {len(self._seconds)} | {slowest * 1000:.0f} ms |"
        )
        assert more_descriptors <= 0
        # With AddressSanitizer everything takes longer, and what is freed is kept for a while.
        sanitized = b"__asan_init" in Path(self._gateway.popen.args[0]).read_bytes()
        assert sanitized or kept <= self._most_kept
        assert self._errors == []
        assert self._seconds
        assert slowest < self.SLOWEST
        assert sanitized or peak < self._most
