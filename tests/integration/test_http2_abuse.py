"""Callers that mean harm by HTTP/2 itself: others are served meanwhile, and nothing stays of them.

`pytest tests/integration/test_http2_abuse.py -rP` prints what each attack cost.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import struct

import grpc
import pytest
from hostile_caller import (
    MIB,
    PREFACE,
    Connection,
    Siege,
    call,
    fields,
    headers,
    message,
    reset,
    settings,
)
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, SettingsFrame
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import wait_until
from gateway import metrics

BIG_MEMBERS = 20_000  # of a group, for replies of some size


@pytest.fixture
def group_id(amplitude) -> int:
    return amplitude.add_group()


@pytest.fixture
def siege(gateway, group_id):
    def begin(name: str, **options) -> Siege:
        return Siege(gateway, group_id, name, **options)

    return begin


@pytest.fixture
def connect(gateway):
    """Opens connections, which end with the siege at the latest."""
    with contextlib.ExitStack() as stack:

        def open_one(greeting: bytes | None = None) -> Connection:
            connection = Connection(gateway, greeting)
            stack.callback(connection.close)
            return connection

        yield open_one


def get(group_id: int) -> bytes:
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    request.max_staleness.FromSeconds(60)
    return message(request)


def streams(count: int) -> range:
    return range(1, 2 * count, 2)


# The allocator keeps what it once had; but an attack that comes again takes no more.
TWICE = ({"most_kept": 512 * MIB, "most_memory": 1024 * MIB}, {})


@pytest.mark.parametrize("with_body", [False, True], ids=["headers", "whole calls"])
def test_rapid_reset(siege, connect, group_id, with_body):
    block, body = fields("GetMutexGroup"), get(group_id)
    count = 20_000
    attack = b"".join(
        (call(stream, block, body) if with_body else headers(stream, block)) + reset(stream)
        for stream in streams(count)
    )
    what = f"rapid reset, {count:,} {'calls' if with_body else 'heads'}, one connection"
    for bounds in TWICE:
        with siege(what, **bounds):
            connection = connect()
            connection.read_in_background()
            connection.socket.settimeout(10)
            connection.send(attack + PingFrame(0, b"finished").serialize())
            wait_until(lambda c=connection: c.over or "Ping" in c.frames, "all is processed")
            connection.close()


def test_endless_continuations(siege, connect):
    block = fields("GetMutexGroup")
    more = b"\x00" + b"\x06filler" + b"\x7f\x81\x7d" + b"x" * 16_128  # a field of 16,128 bytes
    with siege("CONTINUATION flood, up to 64 MiB in one head"):
        connection = connect()
        connection.read_in_background()
        connection.socket.settimeout(10)
        connection.send(HeadersFrame(1, block, flags=["END_STREAM"]).serialize())
        piece = ContinuationFrame(1, more).serialize()
        sent = 0
        while sent < 4096 and connection.send(piece):
            sent += 1
        connection.close()


def test_a_head_that_swells(siege, connect):
    """A field of 4 KiB is put into the table once, and named 15,000 times, by a byte each."""
    value = b"\x40\x01x" + b"\x7f\x81\x1e" + b"y" * (127 + 3841)
    swollen = fields("GetMutexGroup") + value + b"\xbe" * 15_000
    assert len(value) > 3900
    pieces = [swollen[begin : begin + 16_000] for begin in range(0, len(swollen), 16_000)]
    with siege("HPACK bomb, 20 KB that swell to 60 MB, ten connections"):
        connections = [connect() for _ in range(10)]
        for connection in connections:
            connection.read_in_background()
            connection.send(HeadersFrame(1, pieces[0]).serialize())
            last = ContinuationFrame(1, pieces[1], flags=["END_HEADERS"]).serialize()
            connection.send(last + PingFrame(0, b"finished").serialize())
        for connection in connections:
            wait_until(lambda c=connection: c.over or "Ping" in c.frames, "it is processed")
            connection.close()


def test_metadata_over_the_limit(siege, gateway, group_id):
    stub = gateway.stub()
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    codes = set()
    with siege("200 calls with 20 KiB of metadata"):
        for _ in range(200):
            with pytest.raises(grpc.RpcError) as error:
                stub.GetMutexGroup(request, metadata=(("x-filler", "x" * 20 * 1024),), timeout=10)
            codes.add(error.value.code())
    assert grpc.StatusCode.RESOURCE_EXHAUSTED in codes
    # Some lose their connection as well, and find that out with their next call.
    assert codes <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}


def test_more_streams_than_allowed_end_the_connection(siege, connect):
    block = fields("GetMutexGroup")
    with siege("10,000 streams left open, limit acknowledged"):
        connection = connect()
        connection.read_in_background()
        # An acknowledgement that comes before the settings are sent is one of the defaults.
        wait_until(lambda: "Settings" in connection.frames, "the limit is told")
        connection.send(SettingsFrame(0, flags=["ACK"]).serialize())
        connection.send(b"".join(headers(stream, block) for stream in streams(10_000)))
        assert connection.ended(30)
        connection.close()


def test_streams_of_who_never_acknowledges_their_limit(siege, connect):
    """gRPC holds callers to the limit only once they have acknowledged it."""
    block = fields("GetMutexGroup")
    for bounds in TWICE:
        with siege("10,000 streams left open, limit not acknowledged", **bounds):
            connection = connect()
            connection.read_in_background()
            connection.send(b"".join(headers(stream, block) for stream in streams(10_000)))
            connection.send(PingFrame(0, b"finished").serialize())
            wait_until(lambda c=connection: c.over or "Ping" in c.frames, "all is processed")
            connection.close()


def test_replies_that_nobody_reads(siege, connect, gateway, amplitude):
    people = [f"somebody-{number:05}" for number in range(BIG_MEMBERS)]
    big = amplitude.add_group()
    amplitude.slot(big, 1)["individuals"] = people
    block, body = fields("GetMutexGroup"), get(big)
    request = api.GetMutexGroupRequest(mutex_group_id=str(big))
    request.max_staleness.FromSeconds(60)
    reply = gateway.stub().GetMutexGroup(request).ByteSize()
    name = f"20 connections, each 50 replies of {reply >> 10} KiB unread"
    # One thread makes the replies and another one frees them: what is freed late is not at hand
    # the second time.
    for turn, bounds in enumerate((TWICE[0], *TWICE), start=1):
        with siege(name, **bounds):
            connections = [connect(PREFACE + settings(window=0)) for _ in range(20)]
            for connection in connections:
                connection.read_in_background()
                connection.send(b"".join(call(stream, block, body) for stream in streams(50)))
            wait_until(lambda t=turn: calls_answered(gateway) > 1000 * t, "all is answered")
            for connection in connections:
                connection.close()


def calls_answered(gateway) -> float:
    samples = metrics(gateway.http("/metrics").body)
    return sum(n for name, n in samples.items() if name.startswith("mutexd_rpc_requests_total"))


@pytest.mark.parametrize("kind", ["PING", "SETTINGS"])
@pytest.mark.parametrize("reads", [True, False], ids=["answers read", "answers unread"])
def test_control_frames(siege, connect, kind, reads):
    one = PingFrame(0, b"12345678").serialize() if kind == "PING" else settings()
    with siege(f"{kind} flood, 200,000, answers {'read' if reads else 'unread'}"):
        connection = connect()
        if reads:
            connection.read_in_background()
        for _ in range(200):
            if not connection.send(one * 1000):
                break
        connection.close()


def test_garbage_instead_of_a_greeting(siege, connect):
    with siege("200 connections that begin with garbage"):
        for number in range(200):
            connection = connect(os.urandom(1000) if number % 2 else b"GET / HTTP/1.1\r\n\r\n")
            connection.read_in_background()
            assert connection.ended(30)


def test_silent_connections_up_to_the_limit(amplitude, start_gateway, group_id):
    gateway = start_gateway("--max-connections", "300")
    with (
        contextlib.ExitStack() as stack,
        Siege(gateway, group_id, "1,000 silent connections, 300 allowed"),
    ):
        connections = []
        for _ in range(1000):
            connection = Connection(gateway, b"")
            stack.callback(connection.close)
            connection.read_in_background()
            connections.append(connection)
        wait_until(lambda: sum(c.over for c in connections) >= 690, "what is too much is closed")
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("length", [4 * MIB + 1, 0xFFFF_FFFF])
def test_a_message_said_to_be_too_long(siege, connect, length):
    block = fields("GetMutexGroup")
    frame = DataFrame(1, struct.pack(">BI", 0, length) + b"x" * 1000).serialize()
    with siege(f"100 connections with a message of {length:,} bytes promised"):
        connections = [connect() for _ in range(100)]
        for connection in connections:
            connection.read_in_background()
            connection.send(headers(1, block) + frame + PingFrame(0, b"finished").serialize())
        for connection in connections:
            wait_until(lambda c=connection: c.over or "Ping" in c.frames, "it is processed")
            connection.close()


def test_a_compressed_message_is_not_inflated(siege, connect):
    bomb = gzip.compress(bytes(256 * MIB))
    block = fields("GetMutexGroup", ("grpc-encoding", "gzip"))
    body = message(bomb, compressed=True)
    pieces = [body[begin : begin + 16_000] for begin in range(0, len(body), 16_000)]
    with siege(
        f"gzip bomb, {len(bomb) >> 10} KiB that swell to 256 MiB, four connections",
        most_memory=64 * MIB,
    ):
        connections = [connect() for _ in range(4)]
        for connection in connections:
            connection.read_in_background()
            connection.send(headers(1, block))
            for piece in pieces[:-1]:
                connection.send(DataFrame(1, piece).serialize())
            connection.send(DataFrame(1, pieces[-1], flags=["END_STREAM"]).serialize())
        for connection in connections:
            wait_until(lambda c=connection: c.over or "Headers" in c.frames, "it is refused")
            connection.close()


def test_callers_who_compress_are_told_that_it_is_not_supported(gateway, group_id):
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id), key="k" * 2000)
    with pytest.raises(grpc.RpcError) as error:
        gateway.stub().GetMutexGroup(request, compression=grpc.Compression.Gzip)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
