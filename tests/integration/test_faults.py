"""A network and an Amplitude that misbehave: code and reason of each, and the process serves on."""

from __future__ import annotations

import grpc
import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import Gate, reply
from rpc_errors import expect, failure_of

DOWN = ("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE")
MALFORMED = ("INTERNAL", "MALFORMED_AMPLITUDE_REPLY")
MIB = 1 << 20

GROUP = {"id": 7, "name": "N", "slots": [{"index": 1, "percentage": 100}]}
LARGE = {**GROUP, "description": "x" * MIB}
HOSTILE = {
    "depth of arrays": b"[" * 100_000,
    "depth of objects": b'{"a":' * 100_000,
    "depth in an unknown field": b'{"id":7,"slots":[],"extra":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "65 levels": b'{"id":7,"slots":[],"extra":' + b"[" * 65 + b"]" * 65 + b"}",
    "truncated": b'{"id":7,"slots":[{"index":1,"perc',
    "1e400 for a percentage": b'{"id":7,"slots":[{"index":1,"percentage":1e400}]}',
    "2^70 for a percentage": b'{"id":7,"slots":[{"index":1,"percentage":1180591620717411303424}]}',
    "2^70 for an experiment": (
        b'{"id":7,"slots":[{"index":1,"percentage":1,"experiments":[1180591620717411303424]}]}'
    ),
    "not a number": b'{"id":7,"slots":[{"index":1,"percentage":NaN}]}',
    "text after the end": b'{"id":7,"slots":[]} {"id":8}',
    "NUL bytes": b"\x00" * 100,
    "empty": b"",
    "spaces": b"   \n",
    "HTML": b"<html><body>It works!</body></html>",
}

FAULTS = {
    "accepted and closed": (fake_amplitude.close_connection(), DOWN),
    "reset": (fake_amplitude.reset_connection(), DOWN),
    "closed in the head": (fake_amplitude.raw(b"HTTP/1.1 200 OK\r\nContent-Le"), DOWN),
    "closed in the body": (fake_amplitude.cut(LARGE, MIB // 2), DOWN),
    "reset in the body": (fake_amplitude.cut(LARGE, MIB // 2, reset=True), DOWN),
    "closed in a chunk": (
        fake_amplitude.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
        DOWN,
    ),
    "no HTTP": (fake_amplitude.raw(b"220 smtp.example.com ESMTP\r\n"), None),
    "a broken chunk": (
        fake_amplitude.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
        None,
    ),
    "hangs": (fake_amplitude.hang(), DOWN),
    "hangs in the body": (fake_amplitude.hang_in_body(LARGE, 1000), DOWN),
    "drips": (fake_amplitude.drip(LARGE), DOWN),
    "HTML 502": (fake_amplitude.html(502), DOWN),
    "HTML 200": (fake_amplitude.html(200), MALFORMED),
    "2 MB of 500": (reply(500, "x" * (2 * MIB)), DOWN),
    "2 MB of JSON 503": (reply(503, {"error": "y" * (2 * MIB)}), DOWN),
    "33 MiB": (fake_amplitude.endless(33 * MIB), MALFORMED),
    "a redirect elsewhere": (fake_amplitude.redirect(302, "http://127.0.0.1:1/steal"), MALFORMED),
    "a redirect to itself": (fake_amplitude.redirect(308, "/api/1/mutexes/7"), MALFORMED),
    "only interim replies": (fake_amplitude.raw(b"HTTP/1.1 103 Early\r\n\r\n" * 3), DOWN),
    "less promised than sent": (fake_amplitude.more_than_promised(GROUP, 10), MALFORMED),
    "an endless head": (fake_amplitude.raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000), None),
    **{f"JSON: {name}": (reply(200, body), MALFORMED) for name, body in HOSTILE.items()},
}


def get(stub, group_id=7, **options):
    return stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)), **options)


@pytest.mark.parametrize(("fault", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_has_its_code_and_reason_and_the_process_still_serves(
    amplitude, stub, fault, expected
):
    amplitude.add_group(id=7)
    # libcurl may ask again where a kept connection turns out dead; it must meet the fault again.
    amplitude.always("get", fault)
    codes = [expected] if expected else [DOWN, MALFORMED]
    with pytest.raises(grpc.RpcError) as error:
        get(stub)
    failed = failure_of(error.value)
    assert (failed.code.name, failed.reason) in codes, failed.message
    assert amplitude.of("get"), "the fault did not happen"
    assert "steal" not in str(amplitude.wire)

    amplitude.clear_faults()
    assert get(stub).mutex_group.id == "7"


def test_nobody_listening_is_unavailable_until_somebody_does(amplitude, stub):
    amplitude.add_group(id=7)
    amplitude.refuse()
    expect(*DOWN, get, stub)
    amplitude.listen()
    assert get(stub).mutex_group.id == "7"


def test_killed_in_the_middle_of_a_transfer_is_unavailable(amplitude, stub):
    amplitude.add_group(id=7)
    amplitude.fault("get", fake_amplitude.hang_in_body(LARGE, MIB // 2))
    call = stub.GetMutexGroup.future(api.GetMutexGroupRequest(mutex_group_id="7"))
    amplitude.wait_for("get")
    amplitude.refuse()
    failed = failure_of(call.exception())
    assert (failed.code.name, failed.reason) == DOWN
    amplitude.listen()
    assert get(stub).mutex_group.id == "7"


def test_kept_connections_that_died_meanwhile_do_not_hurt(amplitude, stub):
    amplitude.add_group(id=7)
    get(stub)
    amplitude.reset_all()
    assert get(stub).mutex_group.id == "7"


def test_a_connection_closed_as_it_comes_is_made_again(amplitude, stub):
    amplitude.add_group(id=7)
    amplitude.close_next_connections(1)
    assert get(stub).mutex_group.id == "7"
    assert amplitude.connections >= 1


def test_interim_replies_are_passed_over(amplitude, stub):
    amplitude.add_group(id=7)
    amplitude.fault("get", fake_amplitude.preceded_by([100, 102, 103]))
    assert get(stub).mutex_group.id == "7"


def test_many_calls_share_few_connections(amplitude, stub):
    amplitude.add_group(id=7)
    for _ in range(50):
        get(stub)
    assert len(amplitude.requests) == 50
    assert amplitude.connections <= 2


def test_a_slow_call_does_not_hold_up_another(amplitude, stub):
    amplitude.add_group(id=7)
    slow = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate, when=lambda request: request.segments == [str(slow)])
    held = stub.GetMutexGroup.future(api.GetMutexGroupRequest(mutex_group_id=str(slow)), timeout=60)
    gate.wait_for_arrival()
    assert get(stub).mutex_group.id == "7"
    gate.open()
    assert held.result().mutex_group.id == str(slow)


def test_a_dripping_upstream_among_good_calls(amplitude, stub):
    amplitude.add_group(id=7)
    dripping = amplitude.add_group()
    amplitude.always("list", fake_amplitude.drip({"mutexes": []}, 0.2))
    futures = [stub.ListMutexGroups.future(api.ListMutexGroupsRequest()) for _ in range(3)]
    amplitude.wait_for("list")
    assert get(stub, dripping).mutex_group.id == str(dripping)
    for future in futures:
        failed = failure_of(future.exception())
        assert (failed.code.name, failed.reason) == DOWN
