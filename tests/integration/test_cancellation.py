"""A caller that gives up: its transfer ends, and nothing else does."""

from __future__ import annotations

import random

import grpc
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import Gate


def get(stub, group_id):
    return stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))


def test_cancelling_a_call_ends_its_transfer(amplitude, start_gateway):
    stub = start_gateway("--upstream-timeout", "60s").stub()
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate)
    call = stub.GetMutexGroup.future(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    gate.wait_for_arrival()
    call.cancel()
    gate.wait_for_client_to_leave()
    assert get(stub, group_id).mutex_group.id == str(group_id)


def test_a_cancelled_write_does_not_hold_up_the_next_to_its_group(amplitude, start_gateway):
    stub = start_gateway("--upstream-timeout", "60s").stub()
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("edit", gate)
    request = api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=str(group_id), name="New")
    )
    call = stub.UpdateMutexGroup.future(request)
    gate.wait_for_arrival()
    call.cancel()
    assert stub.UpdateMutexGroup(request).mutex_group.name == "New"


def test_a_cancelled_waiter_does_not_hold_up_those_behind_it(amplitude, start_gateway):
    stub = start_gateway("--upstream-timeout", "60s").stub()
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("edit", gate)

    def rename(name: str):
        group = groups.MutexGroup(id=str(group_id), name=name)
        return stub.UpdateMutexGroup.future(api.UpdateMutexGroupRequest(mutex_group=group))

    first = rename("First")
    gate.wait_for_arrival()
    second, third = rename("Second"), rename("Third")
    second.cancel()
    gate.open()
    assert first.result().mutex_group.name == "First"
    assert third.result().mutex_group.name == "Third"


def test_ten_thousand_calls_of_which_a_third_are_cancelled(amplitude, start_gateway):
    gateway = start_gateway("--quota-per-second", "1000000")
    stub = gateway.stub()
    group_ids = [amplitude.add_group() for _ in range(20)]
    chance = random.Random(1)
    outcomes = {"answered": 0, "cancelled": 0}
    for _ in range(100):
        calls = []
        for _ in range(100):
            request = api.GetMutexGroupRequest(mutex_group_id=str(chance.choice(group_ids)))
            calls.append((stub.GetMutexGroup.future(request, timeout=60), request))
        doomed = chance.sample(calls, 33)
        for call, _ in doomed:
            call.cancel()
        for call, request in calls:
            try:
                assert call.result().mutex_group.id == request.mutex_group_id
                outcomes["answered"] += 1
            except (grpc.RpcError, grpc.FutureCancelledError):
                assert call.code() == grpc.StatusCode.CANCELLED, (call.code(), call.details())
                outcomes["cancelled"] += 1
    assert outcomes["answered"] >= 6700
    assert outcomes["cancelled"] > 0
    assert gateway.http("/readyz").status == 200
