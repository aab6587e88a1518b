"""What Amplitude's statuses become, row by row, for reads, edits, slots and creates."""

from __future__ import annotations

import json
import time

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import reply
from rpc_errors import expect, failure


class Calls:
    """One RPC for each endpoint, against a group that is there."""

    def __init__(self, stub, amplitude):
        self.group_id = str(amplitude.add_group())
        self._stub = stub

    def list(self, **options):
        return self._stub.ListMutexGroups(api.ListMutexGroupsRequest(), **options)

    def get(self, **options):
        return self._stub.GetMutexGroup(
            api.GetMutexGroupRequest(mutex_group_id=self.group_id), **options
        )

    def edit(self, **options):
        group = groups.MutexGroup(id=self.group_id, name="New")
        return self._stub.UpdateMutexGroup(
            api.UpdateMutexGroupRequest(mutex_group=group), **options
        )

    def edit_slot(self, **options):
        return self._stub.UpdateSlot(
            api.UpdateSlotRequest(
                mutex_group_id=self.group_id,
                slot_index=1,
                slot=groups.Slot(experiment_ids=[7]),
                update_mask=FieldMask(paths=["experiment_ids"]),
            ),
            **options,
        )

    def create(self, **options):
        group = groups.MutexGroup(project_id=1, name="N", slots=[groups.Slot(percentage=100)])
        return self._stub.CreateMutexGroup(
            api.CreateMutexGroupRequest(mutex_group=group), **options
        )


@pytest.fixture
def calls(stub, amplitude) -> Calls:
    return Calls(stub, amplitude)


REJECTED = ("INVALID_ARGUMENT", "REJECTED_BY_AMPLITUDE")
REFUSED = ("FAILED_PRECONDITION", "REJECTED_BY_AMPLITUDE")
BUG = ("INTERNAL", "REJECTED_BY_AMPLITUDE")
KEY = ("FAILED_PRECONDITION", "AMPLITUDE_KEY_REJECTED")
ACCESS = ("PERMISSION_DENIED", "AMPLITUDE_ACCESS_DENIED")
NO_GROUP = ("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND")
NO_SLOT = ("NOT_FOUND", "SLOT_NOT_FOUND")
URL = ("FAILED_PRECONDITION", "WRONG_AMPLITUDE_URL")
TAKEN = ("ALREADY_EXISTS", "KEY_ALREADY_EXISTS")
CHANGED = ("ABORTED", "CONCURRENT_CHANGE")
LIMITED = ("RESOURCE_EXHAUSTED", "AMPLITUDE_RATE_LIMITED")
DOWN = ("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE")
MALFORMED = ("INTERNAL", "MALFORMED_AMPLITUDE_REPLY")

EVERY = ("list", "get", "edit", "edit_slot", "create")
READS = ("list", "get")
SINGLE = ("get", "edit")
EDITS = ("edit", "edit_slot")

ROWS = [
    *[(status, EVERY, REJECTED) for status in (400, 413, 422)],
    (401, EVERY, KEY),
    (403, EVERY, ACCESS),
    *[(status, SINGLE, NO_GROUP) for status in (404, 410)],
    *[(status, ("edit_slot",), NO_SLOT) for status in (404, 410)],
    *[(status, ("list", "create"), URL) for status in (404, 410)],
    *[(status, EVERY, BUG) for status in (405, 415)],
    *[(status, EVERY, REFUSED) for status in (402, 418, 451, 499)],
    (409, ("create",), TAKEN),
    (409, ("list", "get", *EDITS), CHANGED),
    (429, EVERY, LIMITED),
    *[(status, (*READS, *EDITS), DOWN) for status in (408, 500, 502, 503, 504, 529, 599)],
    *[(status, ("create",), DOWN) for status in (408, 500, 503)],
    *[(status, READS, MALFORMED) for status in (301, 302, 304, 307)],
]
CASES = [(status, route, *row) for status, routes, row in ROWS for route in routes]


@pytest.mark.parametrize(("status", "route", "code", "reason"), CASES)
def test_a_status_becomes_a_code_and_a_reason(amplitude, calls, status, route, code, reason):
    # Every attempt meets it; the deadline is short, so that there are few.
    amplitude.always(route, reply(status, {"error": "words from upstream"}))
    failed = expect(code, reason, getattr(calls, route), timeout=5)
    assert failed.metadata["http_status"] == str(status)
    assert amplitude.of(route), "the fault did not happen"


@pytest.mark.parametrize("text", ["Mutex group not found", "mutex does not exist"])
@pytest.mark.parametrize("route", SINGLE)
def test_a_400_that_says_not_found_is_one(amplitude, calls, route, text):
    amplitude.fault(route, reply(400, {"error": text}))
    failed = expect(*NO_GROUP, getattr(calls, route))
    assert failed.resource is not None
    assert failed.resource[1] == calls.group_id


def test_a_400_on_a_slot_that_says_not_found_is_a_rejection(amplitude, calls):
    amplitude.fault("edit_slot", reply(400, {"error": "experiment not found"}))
    expect(*REJECTED, calls.edit_slot)


def test_a_refused_key_names_the_host_where_a_url_was_given(amplitude, calls):
    amplitude.fault("get", reply(401))
    failed = expect(*KEY, calls.get)
    assert "127.0.0.1" in failed.message


# -- 429


def test_a_rate_limit_passes_on_when_to_come_back(amplitude, calls):
    amplitude.always("get", reply(429, b"", {"Retry-After": "2"}))
    failed = expect(*LIMITED, calls.get, timeout=3)
    assert failed.retry_seconds == 2
    assert len(amplitude.of("get")) == 2, "a wait that fits the deadline is waited for"


def test_a_rate_limit_that_passes_is_waited_for(amplitude, calls):
    amplitude.fault("get", reply(429, b"", {"Retry-After": "1"}))
    started = time.monotonic()
    assert calls.get().mutex_group.id == calls.group_id
    assert time.monotonic() - started >= 1


def test_a_wait_over_five_seconds_is_told_and_not_pushed(amplitude, calls):
    amplitude.fault("get", reply(429, b"", {"Retry-After": "60"}))
    failed = expect(*LIMITED, calls.get)
    assert failed.retry_seconds == 60
    assert failed.pushback == -1


def test_a_wait_beyond_the_deadline_is_not_pushed(amplitude, stub):
    amplitude.fault("get", reply(429, b"", {"Retry-After": "4"}))
    request = api.GetMutexGroupRequest(mutex_group_id="1")
    failed = expect(*LIMITED, stub.GetMutexGroup, request, timeout=3)
    assert failed.pushback == -1


@pytest.mark.parametrize("value", [None, "soon", "-5", "99999999999999999999"])
def test_a_rate_limit_without_a_usable_wait_still_has_one(amplitude, calls, value):
    headers = {} if value is None else {"Retry-After": value}
    amplitude.always("get", reply(429, b"", headers))
    failed = expect(*LIMITED, calls.get, timeout=1)
    assert failed.retry_seconds is not None
    assert failed.retry_seconds >= 0
    assert failed.pushback is not None


# -- upstream's words

BODIES = {
    "error": ({"error": "the words"}, True),
    "message": ({"message": "the words"}, True),
    "nested error": ({"error": {"message": "the words"}}, True),
    "array of text": ({"errors": ["the words"]}, True),
    "array of objects": ({"errors": [{"message": "the words"}]}, True),
    "bare text": ("the words", True),
    "JSON text": ('"the words"', True),
    "control characters": ("the\x00\x1b[31m words\r\n\x07", False),
    "invalid UTF-8": (b"the \xff\xfe words", False),
    "empty": (b"", False),
    "an HTML page": ("<html><body><h1>the words</h1></body></html>", False),
    "deep": ("[" * 100_000, False),
    "2 MB": ({"error": "x" * (2 << 20)}, False),
    "2 MB of text": ("x" * (2 << 20), False),
}


@pytest.mark.parametrize(("body", "kept"), BODIES.values(), ids=BODIES.keys())
def test_an_error_body_of_any_shape_becomes_a_short_clean_sentence(amplitude, calls, body, kept):
    amplitude.fault("get", reply(400, body))
    failed = expect(*REJECTED, calls.get)
    assert 0 < len(failed.message.encode()) <= 512
    assert failed.message.isprintable()
    assert "<" not in failed.message
    if kept:
        assert "the words" in failed.message


@pytest.mark.parametrize(
    "text",
    [
        f"key {fake_amplitude.KEY} is wrong",
        f"Authorization: Bearer {fake_amplitude.KEY}",
        "use ampex_ffffffffffffffffffffffffffffffff instead",
        json.dumps({"error": f"bad {fake_amplitude.KEY}"}),
    ],
)
def test_what_looks_like_a_key_never_reaches_the_caller_or_the_log(amplitude, gateway, text):
    amplitude.fault("get", reply(400, text))
    failed = failure(gateway.stub().GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id="1"))
    assert "ampex_" not in failed.message + str(failed.metadata)
    assert gateway.stop() == 0
    assert "ampex_" not in gateway.stderr


# -- statuses of gRPC itself


def test_an_unknown_method_is_unimplemented_without_details(gateway):
    call = gateway.channel().unary_unary("/mutexgroups.v1.MutexGroupService/Nothing")
    with pytest.raises(grpc.RpcError) as error:
        call(b"")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "grpc-status-details-bin" not in dict(error.value.trailing_metadata() or ())


def test_bytes_that_are_no_message_do_not_hurt(amplitude, gateway):
    call = gateway.channel().unary_unary("/mutexgroups.v1.MutexGroupService/GetMutexGroup")
    with pytest.raises(grpc.RpcError):
        call(b"\xff\xff\xff\xff")
    group_id = amplitude.add_group()
    answer = gateway.stub().GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    assert answer.mutex_group.id == str(group_id)
