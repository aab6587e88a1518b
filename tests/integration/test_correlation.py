"""Every RPC has an id, in the trailer, in errors and in the log."""

from __future__ import annotations

import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from rpc_errors import failure

REQUEST = api.ListMutexGroupsRequest()


def trailers(call) -> dict[str, str]:
    return {key: value for key, value in call.trailing_metadata() or ()}


def test_a_callers_id_comes_back(stub):
    _, call = stub.ListMutexGroups.with_call(REQUEST, metadata=(("x-request-id", "order-66"),))
    assert trailers(call)["x-request-id"] == "order-66"


def test_a_call_without_an_id_gets_one_of_its_own(stub):
    seen = set()
    for _ in range(3):
        _, call = stub.ListMutexGroups.with_call(REQUEST)
        seen.add(trailers(call)["x-request-id"])
    assert len(seen) == 3
    assert all(len(request_id) >= 8 for request_id in seen)


def test_an_error_has_the_id_too(stub):
    # That RequestInfo and trailer agree is checked for every failure.
    failed = failure(
        stub.GetMutexGroup, api.GetMutexGroupRequest(), metadata=(("x-request-id", "mine"),)
    )
    assert failed.trailers["x-request-id"] == "mine"


def test_the_log_has_the_id(gateway):
    stub = gateway.stub()
    stub.ListMutexGroups(REQUEST, metadata=(("x-request-id", "find-me"),))
    entry = gateway.wait_for_log(lambda line: line.get("rpc_id") == "find-me", "the RPC")
    assert "ListMutexGroups" in str(entry)
    assert "OK" in str(entry)


@pytest.mark.parametrize("request_id", ["x" * 5000, " ", ""])
def test_an_id_that_is_unfit_is_replaced_or_clipped(stub, request_id):
    _, call = stub.ListMutexGroups.with_call(REQUEST, metadata=(("x-request-id", request_id),))
    answered = trailers(call)["x-request-id"]
    assert 0 < len(answered) <= 1024
    assert answered.strip()
