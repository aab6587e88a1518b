"""HTTP/2 connections that end or die under requests: what can be repeated is repeated."""

from __future__ import annotations

import threading

import grpc
import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import Request, wait_until
from gateway import metrics
from http2_amplitude import (
    HTTP_1_1_REQUIRED,
    INTERNAL_ERROR,
    NO_ERROR,
    NO_STREAM_YET,
    REFUSED_STREAM,
    Connection,
    Http2Amplitude,
    answer_at_once,
)
from rpc_errors import expect

# So that neither the quota nor the sharing of equal reads keeps requests from the wire.
PLENTY = ("--quota-per-second", "100000", "--quota-per-day", "1000000")


@pytest.fixture
def amplitude(tmp_path):
    with Http2Amplitude(tmp_path) as fake:
        yield fake


@pytest.fixture
def gateway(amplitude, start_gateway):
    return start_gateway(*amplitude.flags, *PLENTY, "--upstream-timeout", "10s")


def read(stub, group_id: int) -> grpc.Future:
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    return stub.GetMutexGroup.future(request, timeout=60)


def add_groups(amplitude, count: int) -> list[int]:
    return [amplitude.add_group() for _ in range(count)]


def expect_all_read(reads: list[grpc.Future], numbers: list[int]) -> None:
    assert [call.result().mutex_group.id for call in reads] == [str(number) for number in numbers]


def rename(group_id: int, name: str) -> api.UpdateMutexGroupRequest:
    return api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=str(group_id), name=name))


def create(name: str) -> api.CreateMutexGroupRequest:
    group = groups.MutexGroup(project_id=5678, name=name, slots=[groups.Slot(percentage=100)])
    return api.CreateMutexGroupRequest(mutex_group=group)


class Hold:
    """Leaves requests unanswered until there are `count` of them, and then does `act` once."""

    def __init__(self, count: int, act, afterwards=answer_at_once):
        self._count = count
        self._act = act
        self._afterwards = afterwards
        self.done = threading.Event()

    def __call__(self, connection: Connection, stream: int, request: Request) -> None:
        if self.done.is_set():
            self._afterwards(connection, stream, request)
        elif len(connection.open) == self._count:
            self.done.set()
            self._act(connection)


def test_everything_but_a_create_goes_over_one_connection(amplitude, stub):
    numbers = add_groups(amplitude, 50)
    expect_all_read([read(stub, number) for number in numbers], numbers)
    stub.UpdateMutexGroup(rename(numbers[0], "New"))
    assert len(amplitude.http2) == 1
    stub.CreateMutexGroup(create("Other"))
    assert len(amplitude.http2) == 1
    assert amplitude.connections == 2


def test_reads_that_a_goaway_leaves_out_are_repeated(amplitude, stub):
    numbers = add_groups(amplitude, 20)

    def go_away_after_five(connection: Connection) -> None:
        processed = sorted(connection.open)[:5]
        connection.go_away(processed[-1])
        connection.reply_to_all()

    amplitude.behaviour = hold = Hold(20, go_away_after_five)
    expect_all_read([read(stub, number) for number in numbers], numbers)
    assert hold.done.is_set()
    assert len(amplitude.of("get")) == 20 + 15
    assert len(amplitude.http2) >= 2
    assert amplitude.http2[0].answered == 5


def test_a_patch_that_a_goaway_leaves_out_is_repeated(amplitude, stub):
    number = amplitude.add_group(name="Old")
    gone = threading.Event()

    def leave_out_the_first_patch(connection, stream, request):
        if request.method == "PATCH" and not gone.is_set():
            gone.set()
            connection.go_away(stream - 2)
        else:
            connection.reply(stream)

    amplitude.behaviour = leave_out_the_first_patch
    assert stub.UpdateMutexGroup(rename(number, "New")).mutex_group.name == "New"
    assert gone.is_set()
    assert [patch.connection for patch in amplitude.of("edit")] == [1, 2]
    assert amplitude.groups[number]["name"] == "New"


def test_a_create_meets_none_of_this(amplitude, stub):
    """Its connection speaks HTTP/1.1, in which nobody refuses a stream; and it is sent once."""
    amplitude.behaviour = lambda connection, stream, request: connection.reset(
        stream, REFUSED_STREAM
    )
    posted = stub.CreateMutexGroup.future(create("Once"), timeout=60)
    (post,) = amplitude.wait_for("create")
    assert post.connection not in [connection.number for connection in amplitude.http2]
    wait_until(lambda: len(amplitude.http2) >= 1, "the read after the create")
    amplitude.behaviour = answer_at_once
    assert posted.result().mutex_group.name == "Once"
    assert len(amplitude.of("create")) == 1


@pytest.mark.parametrize("refused", [1, 3, 8])
def test_a_read_whose_stream_is_refused_is_repeated(amplitude, stub, refused):
    number = amplitude.add_group()
    left = [refused]

    def refuse_first(connection, stream, request):
        if left[0]:
            left[0] -= 1
            connection.reset(stream, REFUSED_STREAM)
        else:
            connection.reply(stream)

    amplitude.behaviour = refuse_first
    expect_all_read([read(stub, number)], [number])
    assert len(amplitude.of("get")) == refused + 1


def test_streams_reset_by_an_error_fail_no_read(amplitude, stub):
    numbers = add_groups(amplitude, 20)

    def reset_half(connection: Connection) -> None:
        for stream in sorted(connection.open)[::2]:
            connection.reset(stream, INTERNAL_ERROR)
        connection.reply_to_all()

    amplitude.behaviour = hold = Hold(20, reset_half)
    expect_all_read([read(stub, number) for number in numbers], numbers)
    assert hold.done.is_set()
    assert len(amplitude.of("get")) == 20 + 10


def test_a_stream_always_reset_ends_in_the_error_of_a_lost_connection(amplitude, stub):
    number = amplitude.add_group()
    amplitude.behaviour = lambda connection, stream, request: connection.reset(
        stream, INTERNAL_ERROR
    )
    failed = expect(
        "UNAVAILABLE",
        "AMPLITUDE_UNAVAILABLE",
        stub.GetMutexGroup,
        api.GetMutexGroupRequest(mutex_group_id=str(number)),
    )
    assert "INTERNAL_ERROR" in failed.message
    assert len(amplitude.of("get")) > 1


@pytest.mark.parametrize("code", [NO_ERROR, REFUSED_STREAM, INTERNAL_ERROR])
def test_a_stream_that_ends_within_its_reply_is_read_anew(amplitude, stub, code):
    """Proxies end theirs without an error when they have lost what is behind them."""
    number = amplitude.add_group()
    begun = threading.Event()

    def end_early(connection, stream, request):
        if begun.is_set():
            return connection.reply(stream)
        begun.set()
        connection.begin_reply(stream)
        connection.reset(stream, code)

    amplitude.behaviour = end_early
    expect_all_read([read(stub, number)], [number])
    assert len(amplitude.of("get")) == 2


def test_a_write_that_wants_http11_is_not_sent_again_unseen(amplitude, stub):
    number = amplitude.add_group(name="Old")

    def refuse_writes(connection, stream, request):
        if request.method == "PATCH":
            connection.reset(stream, HTTP_1_1_REQUIRED)
        else:
            connection.reply(stream)

    amplitude.behaviour = refuse_writes
    assert stub.UpdateMutexGroup(rename(number, "New")).mutex_group.name == "New"
    # Before the second one a look whether the first has been done.
    assert [request.method for request in amplitude.requests] == [
        *("GET", "PATCH", "GET", "PATCH", "GET")
    ]
    assert amplitude.groups[number]["name"] == "New"


def test_requests_that_wait_for_a_place_leave_with_a_goaway(amplitude, stub):
    numbers = add_groups(amplitude, 240)
    held: list[int] = []

    def hold_on_two(connection: Connection, stream: int, request: Request) -> None:
        if connection.number > 2:
            return connection.reply(stream)
        held.append(stream)
        if len(held) == 200:  # both connections are full, and 40 requests wait
            for each in amplitude.http2[:2]:
                each.go_away(NO_STREAM_YET)
        return None

    amplitude.behaviour = hold_on_two
    reads = [read(stub, number) for number in numbers]
    wait_until(lambda: sum(call.done() for call in reads) == 40, "those that waited")
    for connection in amplitude.http2[:2]:
        amplitude.run(connection.reply_to_all)
    expect_all_read(reads, numbers)
    assert len(amplitude.of("get")) == 240


def test_a_stream_that_wants_http11_is_asked_for_in_http11(amplitude, stub):
    number = amplitude.add_group()
    amplitude.behaviour = lambda connection, stream, request: connection.reset(
        stream, HTTP_1_1_REQUIRED
    )
    expect_all_read([read(stub, number)], [number])
    assert len(amplitude.of("get")) == 2
    assert len(amplitude.http2) == 1


BROKEN_FRAMES = {
    "settings of five bytes": bytes([0, 0, 5, 4, 0, 0, 0, 0, 0]) + b"12345",
    "data of no stream": bytes([0, 0, 1, 0, 0, 0, 0, 0, 0]) + b"x",
    "headers that are none": bytes([0, 0, 2, 1, 4, 0, 0, 0, 1]) + b"\xff\xff",
    "a frame larger than allowed": bytes([1, 0, 0, 0, 0, 0, 0, 0, 1]) + b"x" * 65536,
}


@pytest.mark.parametrize("frame", BROKEN_FRAMES)
def test_a_peer_that_breaks_http2_is_left_at_once(amplitude, stub, frame):
    number = amplitude.add_group()
    broken = threading.Event()

    def break_first(connection, stream, request):
        if broken.is_set():
            return connection.reply(stream)
        broken.set()
        connection.write(BROKEN_FRAMES[frame])

    amplitude.behaviour = break_first
    expect_all_read([read(stub, number)], [number])
    assert broken.is_set()
    assert [get.connection for get in amplitude.of("get")] == [1, 2]


class GoAwayAfter:
    """Each connection ends after `count` requests: with grace what has come is answered still."""

    def __init__(self, count: int, graceful: bool):
        self._count = count
        self._graceful = graceful
        self.ended: set[int] = set()
        self.left_out = 0

    def __call__(self, connection: Connection, stream: int, request: Request) -> None:
        if connection.number in self.ended and not self._graceful:
            self.left_out += 1
            return
        connection.reply(stream)
        if connection.answered == self._count:
            self.ended.add(connection.number)
            connection.go_away(NO_STREAM_YET if self._graceful else stream)


@pytest.mark.parametrize("graceful", [True, False], ids=["graceful", "leaving out"])
def test_a_goaway_after_every_ten_requests_fails_none_of_two_hundred_readers(
    amplitude, gateway, stub, graceful
):
    numbers = add_groups(amplitude, 200)
    amplitude.behaviour = behaviour = GoAwayAfter(10, graceful)
    for _ in range(5):
        expect_all_read([read(stub, number) for number in numbers], numbers)
    assert len(behaviour.ended) >= 5
    assert graceful or behaviour.left_out > 100
    assert failed_rpcs(gateway) == 0


def failed_rpcs(gateway) -> float:
    samples = metrics(gateway.http("/metrics").body)
    counts = {
        name: n for name, n in samples.items() if name.startswith("mutexd_rpc_requests_total")
    }
    assert counts, "there is no such metric"
    return sum(count for name, count in counts.items() if 'code="OK"' not in name)


def test_a_connection_closed_while_idle_costs_nothing(amplitude, stub):
    number = amplitude.add_group()
    for _ in range(5):
        expect_all_read([read(stub, number)], [number])
        last = amplitude.http2[-1]
        amplitude.run(last.close)
    assert len(amplitude.of("get")) == 5
    assert len(amplitude.http2) == 5


def test_a_goaway_while_idle_costs_nothing(amplitude, stub):
    number = amplitude.add_group()
    expect_all_read([read(stub, number)], [number])
    first = amplitude.http2[0]
    amplitude.run(lambda: first.go_away(NO_STREAM_YET))
    expect_all_read([read(stub, number)], [number])
    assert len(amplitude.of("get")) == 2
    assert len(amplitude.http2) == 2


def fall_silent(amplitude) -> Connection:
    """The newest connection stays open and acknowledges, but nobody is there any more."""
    connection = amplitude.http2[-1]
    amplitude.run(connection.fall_silent)
    return connection


def test_after_a_time_out_a_silent_connection_is_left(amplitude, start_gateway):
    stub = start_gateway(*amplitude.flags, *PLENTY, "--upstream-timeout", "500ms").stub()
    number = amplitude.add_group()
    expect_all_read([read(stub, number)], [number])
    fall_silent(amplitude)
    # The first attempt times out, the second goes elsewhere.
    expect_all_read([read(stub, number)], [number])
    assert [request.connection for request in amplitude.of("get")] == [1, 2]


def test_a_silent_connection_is_left_by_those_who_come_while_others_wait_on_it(
    amplitude, start_gateway
):
    stub = start_gateway(*amplitude.flags, *PLENTY, "--upstream-timeout", "1s").stub()
    numbers = add_groups(amplitude, 40)
    expect_all_read([read(stub, numbers[0])], numbers[:1])
    fall_silent(amplitude)
    # There is no moment at which the dead connection is without a request.
    reads = []
    for number in numbers:
        reads.append(read(stub, number))
        threading.Event().wait(0.04)
    expect_all_read(reads, numbers)
    assert len(amplitude.http2) == 2
    assert {request.connection for request in amplitude.of("get")[1:]} == {2}
