"""Amplitude over TLS and HTTP/2, as it really is, with all that can go wrong below a request.

The model, its script and its record are those of FakeAmplitude; here are the frames. A client that
does not ask for HTTP/2 gets HTTP/1.1, one request for each connection. All sockets live on one
thread with an asyncio loop; a test acts on them by `Http2Amplitude.run`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings
from hyperframe.frame import GoAwayFrame

from fake_amplitude import PATIENCE_SECONDS, Exchange, FakeAmplitude, Request

NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM, HTTP_1_1_REQUIRED = 0, 2, 7, 13
NO_STREAM_YET = 2**31 - 1  # "a GOAWAY is coming": excludes no stream


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    certificate, key = folder / "amplitude.pem", folder / "amplitude.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subprocess.run(
        [*command.split(), "-subj", "/CN=Amplitude of a test"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


class _Answer:
    """Takes what a fault writes in HTTP/1.1, and knows it as status, headers and body."""

    def __init__(self):
        self.data = b""

    def sendall(self, data: bytes) -> None:
        self.data += data

    def parts(self) -> tuple[str, list[tuple[str, str]], bytes]:
        head, _, body = self.data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
        return first.split()[1], headers, body


class Connection:
    """One HTTP/2 connection. Its methods are for the loop's thread."""

    def __init__(self, fake: Http2Amplitude, number: int, writer: asyncio.StreamWriter):
        self.fake = fake
        self.number = number
        self.open: dict[int, Request] = {}  # streams that were not answered, in order of arrival
        self.answered = 0
        self.silent = False
        self.closed = asyncio.Event()
        self._writer = writer
        self._frames = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._frames.local_settings = h2.settings.Settings(
            client=False,
            initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: fake.max_streams},
        )

    async def serve(self, reader: asyncio.StreamReader) -> None:
        self._frames.initiate_connection()
        self._flush()
        requests: dict[int, tuple[Any, bytearray]] = {}
        while not self.silent and (data := await reader.read(65536)):
            for event in self._frames.receive_data(data):
                match event:
                    case h2.events.RequestReceived():
                        requests[event.stream_id] = (event.headers, bytearray())
                    case h2.events.DataReceived():
                        requests[event.stream_id][1].extend(event.data)
                        self._frames.acknowledge_received_data(
                            event.flow_controlled_length, event.stream_id
                        )
                    case h2.events.StreamEnded():
                        self._on_request(event.stream_id, *requests.pop(event.stream_id))
                    case h2.events.StreamReset():
                        self.open.pop(event.stream_id, None)
            self._flush()
        if self.silent:
            await self.closed.wait()

    def _on_request(self, stream: int, fields, body: bytearray) -> None:
        headers = {as_text(name): as_text(value) for name, value in fields}
        request = Request(headers[":method"], headers[":path"], headers, bytes(body), self.number)
        self.open[stream] = request
        self.fake.on_request(self, stream, request)

    def reply(self, stream: int) -> None:
        """What the model, or a fault of its script, has to say."""
        answer = _Answer()
        request = self.open.pop(stream)
        self.fake.answer(Exchange(self.fake, answer, request))
        status, headers, body = answer.parts()
        self._frames.send_headers(stream, [(":status", status), *headers])
        # Replies of these tests fit into the smallest window.
        self._frames.send_data(stream, body, end_stream=True)
        self.answered += 1
        self._flush()

    def reply_to_all(self) -> None:
        for stream in list(self.open):
            self.reply(stream)

    def reset(self, stream: int, code: int) -> None:
        self.open.pop(stream)
        self._frames.reset_stream(stream, code)
        self._flush()

    def go_away(self, last_stream: int, code: int = NO_ERROR) -> None:
        """Streams after `last_stream` were not and will not be processed."""
        for stream in [stream for stream in self.open if stream > last_stream]:
            self.open.pop(stream)
        self._flush()
        # Not by h2, which calls the whole connection closed then.
        self._writer.write(
            GoAwayFrame(stream_id=0, last_stream_id=last_stream, error_code=code).serialize()
        )

    def begin_reply(self, stream: int) -> None:
        """A head and half a body, and the stream stays open."""
        self._frames.send_headers(stream, [(":status", "200")])
        self._frames.send_data(stream, b'{"id": "half of')
        self._flush()

    def write(self, data: bytes) -> None:
        """What is no frame of h2's."""
        self._writer.write(data)

    def close(self) -> None:
        self.closed.set()
        self._writer.close()

    def fall_silent(self) -> None:
        """Neither reads nor writes from now on, and keeps the connection."""
        self.silent = True
        self._writer.transport.pause_reading()

    def _flush(self) -> None:
        if not self._writer.is_closing():
            self._writer.write(self._frames.data_to_send())


def as_text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


# Told of each request over HTTP/2 in place of an answer, on the loop's thread.
Behaviour = Callable[[Connection, int, Request], None]


def answer_at_once(connection: Connection, stream: int, request: Request) -> None:
    connection.reply(stream)


class Http2Amplitude(FakeAmplitude):
    """Use it as a context manager."""

    def __init__(self, folder: Path, max_streams: int = 100, **options):
        self.max_streams = max_streams
        self.behaviour: Behaviour = answer_at_once
        self.http2: list[Connection] = []  # in the order of their opening
        self.certificate, key = make_certificate(folder)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.certificate, key)
        self._tls.set_alpn_protocols(["h2", "http/1.1"])
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task] = set()
        super().__init__(**options)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def flags(self) -> list[str]:
        """What mutexd needs to come here."""
        return ["--amplitude-url", self.url, "--amplitude-ca-file", str(self.certificate)]

    def run(self, action: Callable[[], Any]) -> Any:
        """Does something on the loop's thread, and returns what it returned."""

        async def act() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(PATIENCE_SECONDS)

    # -- requests, on the loop's thread

    def on_request(self, connection: Connection, stream: int, request: Request) -> None:
        self._record(request)
        self.behaviour(connection, stream, request)

    def answer(self, exchange: Exchange) -> None:
        with self.lock:
            fault = self._next_fault(exchange.request)
        (fault or self.model_reply(exchange.request))(exchange)

    def _record(self, request: Request) -> None:
        with self._arrival:
            self.requests.append(request)
            self._arrival.notify_all()

    # -- sockets

    def listen(self) -> None:
        self._spawn(self._loop.run_forever)
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE_SECONDS)

    async def _start(self) -> None:
        self._listener.listen(256)
        self._server = await asyncio.start_server(
            self._serve_tls, sock=self._listener, ssl=self._tls
        )

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end_all(), self._loop).result(PATIENCE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._loop.close()

    async def _end_all(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        transport_socket = writer.get_extra_info("socket")
        transport_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
                connection = Connection(self, number, writer)
                self.http2.append(connection)
                await connection.serve(reader)
            else:
                await self._serve_http1(number, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve_http1(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
            }
            method, target, _ = first.split(" ", 2)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(method, target, headers, body, number)
            self._record(request)
            answer = _Answer()
            self.answer(Exchange(self, answer, request))
            writer.write(answer.data)
            await writer.drain()
