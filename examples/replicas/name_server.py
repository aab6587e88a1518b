"""A name server for one name, on the loopback: what Kubernetes' is for a headless service."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Sequence

ADDRESS, INTERNET = 1, 1
ANSWER, NAME_ERROR = 0x8580, 0x8583
SECONDS_TO_LIVE = 1


class NameServer:
    """Answers with all addresses; use it as a context manager."""

    def __init__(self, name: str, addresses: Sequence[str]):
        server = self

        class Handler(socketserver.DatagramRequestHandler):
            def handle(self) -> None:
                self.wfile.write(server._answer(self.rfile.read()))

        self._name = name.rstrip(".").lower()
        self._addresses = addresses
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.questions = 0

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, query: bytes) -> bytes:
        labels, end = [], 12
        while length := query[end]:
            labels.append(query[end + 1 : end + 1 + length].decode("ascii", "replace"))
            end += 1 + length
        question = query[12 : end + 5]
        kind, family = struct.unpack("!HH", question[-4:])
        known = ".".join(labels).lower() == self._name
        addresses = self._addresses if known and (kind, family) == (ADDRESS, INTERNET) else ()
        self.questions += 1
        counts = (1, len(addresses), 0, 0)
        head = query[:2] + struct.pack("!5H", ANSWER if known else NAME_ERROR, *counts)
        # Each record points to the name in the question.
        records = (
            struct.pack("!HHHIH", 0xC00C, ADDRESS, INTERNET, SECONDS_TO_LIVE, 4)
            + socket.inet_aton(address)
            for address in addresses
        )
        return head + question + b"".join(records)
