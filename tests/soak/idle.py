"""Many HTTP/2 connections that carry no call: they say hello, answer pings, and stay."""

from __future__ import annotations

import asyncio
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD = 9
SETTINGS, PING = 4, 6
ACK = 1
AT_ONCE = 100  # connections being opened at a time


def frame(kind: int, flags: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + bytes(4) + payload


class IdleConnection(asyncio.Protocol):
    def __init__(self, alive: set[IdleConnection], loop: asyncio.AbstractEventLoop):
        self._alive = alive
        self._received = b""
        self.greeted = loop.create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(PREFACE + frame(SETTINGS))

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= FRAME_HEAD:
            end = FRAME_HEAD + int.from_bytes(self._received[:3], "big")
            if len(self._received) < end:
                return
            kind, flags = self._received[3], self._received[4]
            payload, self._received = self._received[FRAME_HEAD:end], self._received[end:]
            self._on_frame(kind, flags, payload)

    def _on_frame(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == SETTINGS and not flags & ACK:
            self.transport.write(frame(SETTINGS, ACK))
            self._alive.add(self)
            if not self.greeted.done():
                self.greeted.set_result(None)
        elif kind == PING and not flags & ACK:
            self.transport.write(frame(PING, ACK, payload))

    def connection_lost(self, error: Exception | None) -> None:
        self._alive.discard(self)
        if not self.greeted.done():
            self.greeted.set_exception(error or ConnectionResetError("closed without a word"))


class IdleConnections:
    """Holds `count` connections to an address while the context lasts."""

    def __init__(self, address: str, count: int):
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._count = count
        self._alive: set[IdleConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def alive(self) -> int:
        return len(self._alive)

    def __enter__(self) -> IdleConnections:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open_all(), self._loop).result(timeout=120)
        return self

    def __exit__(self, *_) -> None:
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result(timeout=60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _open_all(self) -> None:
        for begin in range(0, self._count, AT_ONCE):
            several = min(AT_ONCE, self._count - begin)
            await asyncio.gather(*(self._open() for _ in range(several)))

    async def _open(self) -> None:
        _, connection = await self._loop.create_connection(
            lambda: IdleConnection(self._alive, self._loop), self._host, self._port
        )
        await connection.greeted

    async def _close_all(self) -> None:
        for connection in list(self._alive):
            connection.transport.abort()
