"""A fake of Amplitude's mutex endpoints on a raw socket, which misbehaves when told to.

By default it is a faithful, stateful model of the five endpoints. A test scripts faults for a route
(`fake.fault("get", hang())`); what is left of a route's script is served before the model. HTTP/1.1
is written by hand, so that it can be broken in every way. Every request is recorded.
"""

from __future__ import annotations

import contextlib
import copy
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

KEY = "ampex_integration-test-0123456789abcdef"
PREFIX = "/api/1/mutexes"
ROUTES = ("list", "get", "create", "edit", "edit_slot", "other")

# Longest that anything here waits for a peer: bounds a broken test, never a passing one.
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """One request as it crossed the wire."""

    method: str
    target: str  # path and query as sent, percent-encoding kept
    headers: dict[str, str]  # names in lower case
    body: bytes
    connection: int  # which connection it came on, counted from 1

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def route(self) -> str:
        rest = self.path.removeprefix(PREFIX)
        if rest == self.path:
            return "other"
        segments = rest.strip("/").split("/") if rest.strip("/") else []
        shape = (self.method, len(segments), segments[1:2] == ["slots"])
        return {
            ("GET", 0, False): "list",
            ("POST", 0, False): "create",
            ("GET", 1, False): "get",
            ("PATCH", 1, False): "edit",
            ("PATCH", 3, True): "edit_slot",
        }.get(shape, "other")

    @property
    def segments(self) -> list[str]:
        """The path's segments after the collection, decoded."""
        return [unquote(part) for part in self.path.removeprefix(PREFIX).strip("/").split("/")]

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


class Exchange:
    """A request and the socket to answer it on."""

    def __init__(self, fake: FakeAmplitude, connection: socket.socket, request: Request):
        self.fake = fake
        self.socket = connection
        self.request = request

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """Closes with a TCP reset instead of an orderly end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait_until_client_leaves(self) -> None:
        self.socket.settimeout(PATIENCE_SECONDS)
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass


# A fault answers an exchange, and says whether the connection may be used again.
Fault = Callable[[Exchange], bool]


def encode(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body).encode()


def head(status: int, headers: dict[str, str], length: int | None) -> bytes:
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if length is not None and not any(name.lower() == "content-length" for name in headers):
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def reply(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Fault:
    """A complete reply; `body` may be bytes, text, or anything that JSON can hold."""
    data = encode(body)
    kind = "application/json" if not isinstance(body, (bytes, str)) else "text/plain"
    all_headers = {"Content-Type": kind, **(headers or {})}

    def act(exchange: Exchange) -> bool:
        exchange.send(head(status, all_headers, len(data)) + data)
        return True

    return act


def html(status: int = 502) -> Fault:
    """What a proxy in front of Amplitude would say."""
    page = f"<html><head><title>{status} Bad Gateway</title></head><body>nginx</body></html>"
    return reply(status, page, {"Content-Type": "text/html"})


def redirect(status: int, location: str) -> Fault:
    return reply(status, b"", {"Location": location})


def close_connection() -> Fault:
    """Reads the request and closes, with no byte of a reply."""
    return lambda exchange: False


def reset_connection() -> Fault:
    """Reads the request and resets, with no byte of a reply."""

    def act(exchange: Exchange) -> bool:
        exchange.reset()
        return False

    return act


def cut(body: Any, sent: int, *, reset: bool = False, status: int = 200) -> Fault:
    """Promises the whole body, sends `sent` bytes of it, and closes or resets."""
    data = encode(body)

    def act(exchange: Exchange) -> bool:
        exchange.send(head(status, {"Content-Type": "application/json"}, len(data)) + data[:sent])
        if reset:
            exchange.reset()
        return False

    return act


def more_than_promised(body: Any, promised: int) -> Fault:
    """A Content-Length shorter than the body that follows."""
    data = encode(body)

    def act(exchange: Exchange) -> bool:
        exchange.send(head(200, {"Content-Type": "application/json"}, promised) + data)
        return True

    return act


def raw(data: bytes) -> Fault:
    """Any bytes at all, then the end of the connection."""

    def act(exchange: Exchange) -> bool:
        exchange.send(data)
        return False

    return act


def drip(body: Any, interval: float = 0.02) -> Fault:
    """The body byte by byte, for as long as the client listens."""
    data = encode(body)

    def act(exchange: Exchange) -> bool:
        exchange.send(head(200, {"Content-Type": "application/json"}, len(data)))
        for byte in data:
            exchange.send(bytes([byte]))
            if exchange.fake.stopping.wait(interval):
                return False
        return True

    return act


def hang() -> Fault:
    """Never answers; ends when the client leaves or the fake stops."""

    def act(exchange: Exchange) -> bool:
        exchange.wait_until_client_leaves()
        return False

    return act


def hang_in_body(body: Any, sent: int) -> Fault:
    """Sends a head and `sent` bytes of the body, and then nothing more."""
    data = encode(body)

    def act(exchange: Exchange) -> bool:
        exchange.send(head(200, {"Content-Type": "application/json"}, len(data)) + data[:sent])
        exchange.wait_until_client_leaves()
        return False

    return act


def endless(size: int, start: bytes = b'{"mutexes":["') -> Fault:
    """A chunked body of at least `size` bytes, sent without ever holding it whole."""
    chunk = b"x" * 65536

    def act(exchange: Exchange) -> bool:
        exchange.send(head(200, {"Transfer-Encoding": "chunked"}, None))
        exchange.send(f"{len(start):x}\r\n".encode() + start + b"\r\n")
        for _ in range(size // len(chunk) + 1):
            exchange.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        exchange.send(b"0\r\n\r\n")
        return True

    return act


def preceded_by(interim: Iterable[int]) -> Fault:
    """The model's own reply after informational (1xx) ones."""

    def act(exchange: Exchange) -> bool:
        for status in interim:
            exchange.send(f"HTTP/1.1 {status} Interim\r\nLink: </x>\r\n\r\n".encode())
        return exchange.fake.model_reply(exchange.request)(exchange)

    return act


def applied_then(fault: Fault) -> Fault:
    """Does what the request asks for, and then answers it with `fault`."""

    def act(exchange: Exchange) -> bool:
        exchange.fake.model_reply(exchange.request)
        return fault(exchange)

    return act


def before_model(action: Callable[[], None]) -> Fault:
    """Does something at the moment of the request, and then answers from the model."""

    def act(exchange: Exchange) -> bool:
        action()
        return exchange.fake.model_reply(exchange.request)(exchange)

    return act


def after_model(action: Callable[[], None]) -> Fault:
    """Answers from the model, having done something right after the model took the request."""

    def act(exchange: Exchange) -> bool:
        answer = exchange.fake.model_reply(exchange.request)
        action()
        return answer(exchange)

    return act


class Gate:
    """A fault that holds an exchange until the test lets it go, and says when one has arrived."""

    def __init__(self, then: Fault | None = None):
        self._then = then
        self._arrived = threading.Semaphore(0)
        self._open = threading.Event()
        self._left = threading.Semaphore(0)

    def __call__(self, exchange: Exchange) -> bool:
        self._arrived.release()
        while not self._open.wait(0.005):
            if exchange.fake.stopping.is_set() or has_left(exchange.socket):
                self._left.release()
                return False
        answer = self._then or exchange.fake.model_reply(exchange.request)
        return answer(exchange)

    def wait_for_arrival(self) -> None:
        assert self._arrived.acquire(timeout=PATIENCE_SECONDS), "no request arrived at the gate"

    def wait_for_client_to_leave(self) -> None:
        assert self._left.acquire(timeout=PATIENCE_SECONDS), "the client still waits at the gate"

    def open(self) -> None:
        self._open.set()


def has_left(connection: socket.socket) -> bool:
    """Whether the peer has closed or reset the connection."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@dataclass
class _Scripted:
    fault: Fault
    left: float  # how many requests it still answers
    when: Callable[[Request], bool]


@dataclass
class _Lag:
    before: dict | None  # the group as reads still see it; None: it is not there yet
    reads: float  # how many more reads see it


@dataclass
class FakeAmplitude:
    """The model, its script and its sockets. Use it as a context manager."""

    key: str = KEY
    further_keys: set[str] = field(default_factory=set)  # that it accepts too
    slot_index_base: int = 1  # what the path calls the first slot
    id_type: type = int  # how ids and project ids are written in replies
    cursor_type: type = int
    cursor_on_last_page: bool = False
    cursor_always_advances: bool = True
    max_limit: int = 1000
    says_deleted: bool = False  # whether replies have the field "deleted"
    archived_are_listed: bool = True
    archived_are_readable: bool = True
    patch_body: Any = "OK"
    lag_reads: float = 0  # how many reads of a group do not see a write to it yet
    create_status: int = 200
    listening: bool = True

    groups: dict[int, dict] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self):
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._script: dict[str, list[_Scripted]] = {route: [] for route in ROUTES}
        self._accepting: list[Fault] = []
        self._lags: dict[int, _Lag] = {}
        self._next_id = 1000
        self._salts = 0
        self._arrival = threading.Condition(self.lock)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.port = 0

    # -- life

    def __enter__(self) -> FakeAmplitude:
        self._bind()
        if self.listening:
            self.listen()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _bind(self) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # This option lets the fake have its port again. A new port must be nobody's, and with the
        # option the system may choose that of a fake which refuses connections just now.
        if self.port == 0:
            self._listener.bind(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.port != 0:
            self._listener.bind(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]

    def listen(self) -> None:
        """Accepts connections from now on."""
        assert self._listener is not None
        self._listener.listen(256)
        self._spawn(self._accept, self._listener)

    def refuse(self) -> None:
        """From now on connections are refused, and those that are open are reset."""
        self._close_listener()
        self.reset_all()
        self._bind()  # bound but not listening: refused, and nobody else gets the port

    def reset_all(self) -> None:
        """Resets every open connection, in the middle of whatever it carries."""
        with self.lock:
            for connection in list(self._open):
                try:
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    connection.shutdown(socket.SHUT_RD)
                except OSError:
                    pass

    def stop(self) -> None:
        self.stopping.set()
        self._close_listener()
        with self.lock:
            for connection in list(self._open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _close_listener(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(OSError):  # it may not listen
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None

    def _spawn(self, target, *args) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    # -- script

    def fault(
        self,
        route: str,
        *faults: Fault,
        times: float = 1,
        when: Callable[[Request], bool] = lambda request: True,
    ) -> None:
        """The next requests of a route that `when` picks are answered by `faults`, each `times`."""
        with self.lock:
            self._script[route] += [_Scripted(fault, times, when) for fault in faults]

    def always(self, route: str, fault: Fault) -> None:
        self.fault(route, fault, times=float("inf"))

    def clear_faults(self) -> None:
        with self.lock:
            for scripted in self._script.values():
                scripted.clear()

    def close_next_connections(self, count: int) -> None:
        """Accepts that many connections only to close them at once."""
        with self.lock:
            self._accepting += [close_connection()] * count

    # -- observations

    def of(self, *routes: str) -> list[Request]:
        """The requests of these routes, in the order of their arrival."""
        with self.lock:
            return [request for request in self.requests if request.route in routes]

    @property
    def writes(self) -> list[Request]:
        return self.of("create", "edit", "edit_slot")

    @property
    def wire(self) -> list[str]:
        with self.lock:
            return [str(request) for request in self.requests]

    def forget_requests(self) -> None:
        with self.lock:
            self.requests.clear()

    def wait_for(self, route: str, count: int = 1) -> list[Request]:
        """Waits until a route has been asked that often."""
        with self._arrival:
            arrived = self._arrival.wait_for(
                lambda: len(self.of(route)) >= count, timeout=PATIENCE_SECONDS
            )
            assert arrived, f"waited for {count} x {route}, saw {self.wire}"
            return self.of(route)

    # -- model

    def add_group(self, **fields) -> int:
        """Puts a group into the model; what is not said gets a plausible value."""
        with self.lock:
            number = fields.pop("id", None)
            if number is None:
                self._next_id += 1
                number = self._next_id
            slots = fields.pop("slots", [{"percentage": 50}, {"percentage": 50}])
            group = {
                "id": number,
                "projectId": 5678,
                "name": f"Group {number}",
                "key": f"group-{number}",
                "description": None,
                "evaluationMode": "remote",
                "bucketingKey": "amplitude_id",
                "bucketingSalt": f"salt{number}",
                "deleted": False,
                **fields,
                "slots": [model_slot(position, slot) for position, slot in enumerate(slots, 1)],
            }
            self.groups[number] = group
            return number

    def slot(self, group_id: int, index: int) -> dict:
        """A slot of the model, by its position from 1."""
        with self.lock:
            return self.groups[group_id]["slots"][index - 1]

    def change(self, group_id: int, **fields) -> None:
        """Somebody else changes a group."""
        with self.lock:
            self.groups[group_id].update(fields)

    def document(self, group_id: int) -> dict:
        """A group as a reply shows it."""
        with self.lock:
            return self._written(self.groups[group_id])

    def _written(self, group: dict) -> dict:
        shown = dict(group)
        if self.id_type is str:
            shown["id"] = str(shown["id"])
            shown["projectId"] = str(shown["projectId"])
        if not self.says_deleted:
            shown.pop("deleted", None)
        return shown

    def _read(self, number: int) -> dict | None:
        """The group as a read sees it now: behind a write for as long as the lag lasts."""
        lag = self._lags.get(number)
        if lag and lag.reads > 0:
            lag.reads -= 1
            return lag.before
        return self.groups.get(number)

    def _begin_write(self, number: int) -> None:
        if self.lag_reads:
            before = self.groups.get(number)
            self._lags[number] = _Lag(copy.deepcopy(before), self.lag_reads)

    def model_reply(self, request: Request) -> Fault:
        """What a well-behaved Amplitude does with the request, done at once, and how it answers."""
        with self.lock:
            if key_of(request) not in {self.key, *self.further_keys}:
                return reply(401, {"error": "Invalid API key"})
            handler = getattr(self, f"_on_{request.route}")
            return handler(request)

    def _on_other(self, request: Request) -> Fault:
        return reply(404, {"error": "Not found"})

    def _on_list(self, request: Request) -> Fault:
        limit = min(int(request.query.get("limit", "100")), self.max_limit)
        offset = int(request.query.get("cursor", "0") or 0)
        shown = [self._read(number) for number in list(self.groups)]
        shown = [group for group in shown if group is not None]
        if not self.archived_are_listed:
            shown = [group for group in shown if not group.get("deleted")]
        page = shown[offset : offset + limit]
        answer: dict[str, Any] = {"mutexes": [self._written(group) for group in page]}
        end = offset + len(page)
        if page and (end < len(shown) or self.cursor_on_last_page):
            answer["nextCursor"] = self.cursor_type(end if self.cursor_always_advances else offset)
        return reply(200, answer)

    def _find(self, segment: str) -> int | None:
        number = int(segment) if segment.isdecimal() else None
        return number if number in self.groups else None

    def _on_get(self, request: Request) -> Fault:
        number = self._find(request.segments[0])
        group = self._read(number) if number is not None else None
        if group is None or (group.get("deleted") and not self.archived_are_readable):
            return reply(404, {"error": "Mutex group not found"})
        return reply(200, self._written(group))

    def _on_edit(self, request: Request) -> Fault:
        number = self._find(request.segments[0])
        if number is None:
            return reply(404, {"error": "Mutex group not found"})
        edit = request.json
        self._begin_write(number)
        if edit.get("archive") is True:
            self.groups[number]["deleted"] = True
            return reply(200, self.patch_body)
        if edit.get("archive") is False:
            self.groups[number]["deleted"] = False
        for name in ("name", "description"):
            if name in edit:
                self.groups[number][name] = edit[name]
        return reply(200, self.patch_body)

    def _on_edit_slot(self, request: Request) -> Fault:
        number = self._find(request.segments[0])
        if number is None:
            return reply(404, {"error": "Mutex group not found"})
        position = int(request.segments[2]) - self.slot_index_base
        slots = self.groups[number]["slots"]
        if not 0 <= position < len(slots):
            return reply(404, {"error": "Slot not found"})
        self._begin_write(number)
        for name in ("experiments", "holdouts", "individuals"):
            if name in request.json:
                slots[position][name] = request.json[name]
        return reply(200, self.patch_body)

    def _on_create(self, request: Request) -> Fault:
        body = dict(request.json)
        for required in ("projectId", "name", "slots"):
            if required not in body:
                return reply(400, {"error": f"{required} is required"})
        if any(group["key"] == body.get("key") for group in self.groups.values()):
            return reply(409, {"error": "key is already taken"})
        self._next_id += 1
        number = self._next_id
        self._begin_write(number)
        self.add_group(id=number, **body)
        url = f"http://experiment.amplitude.com/mutex/{number}"
        return reply(self.create_status, {"id": str(number), "url": url})

    # -- sockets

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                at_once = self._accepting.pop(0) if self._accepting else None
                self._open.add(connection)
            if at_once:
                self._end(connection)
            else:
                self._spawn(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = connection.makefile("rb")
        try:
            while (request := read_request(received, number)) is not None:
                with self._arrival:
                    self.requests.append(request)
                    fault = self._next_fault(request)
                    self._arrival.notify_all()
                answer = fault or self.model_reply(request)
                if not answer(Exchange(self, connection, request)):
                    break
        except OSError:
            pass  # the client left, which is its right
        finally:
            received.close()
            self._end(connection)

    def _next_fault(self, request: Request) -> Fault | None:
        for scripted in self._script[request.route]:
            if scripted.left > 0 and scripted.when(request):
                scripted.left -= 1
                return scripted.fault
        return None

    def _end(self, connection: socket.socket) -> None:
        with self.lock:
            self._open.discard(connection)
            connection.close()


def key_of(request: Request) -> str:
    """The management key of a request; empty without one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme == "Bearer" else ""


def model_slot(position: int, slot: dict) -> dict:
    return {
        "name": f"SLOT {position}",
        "index": position,
        "variantKey": f"slot-{position}",
        "percentage": slot["percentage"],
        "experiments": list(slot.get("experiments", [])),
        "holdouts": list(slot.get("holdouts", [])),
        "individuals": list(slot.get("individuals", [])),
        "cohorts": list(slot.get("cohorts", [])),
    }


def read_request(received, connection: int) -> Request | None:
    """The next request of a connection; None at its end, or where it is not HTTP/1.1 that comes (a
    gRPC channel of another test looks for its server, which had this port before)."""
    line = received.readline().decode("latin-1").strip()
    if not line.endswith(" HTTP/1.1"):
        return None
    method, target, _ = line.split(" ", 2)
    headers: dict[str, str] = {}
    while (header := received.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    return Request(method, target, headers, received.read(length), connection)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Polls for something that cannot be waited for otherwise."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.005)
