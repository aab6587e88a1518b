"""Many groups by their ids: all, or none."""

from __future__ import annotations

import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from rpc_errors import expect


def batch(stub, group_ids):
    request = api.BatchGetMutexGroupsRequest(mutex_group_ids=[str(number) for number in group_ids])
    return stub.BatchGetMutexGroups(request)


def test_groups_come_in_the_order_asked(amplitude, stub):
    first, second, third = (amplitude.add_group() for _ in range(3))
    answer = batch(stub, [third, first, second])
    assert [group.id for group in answer.mutex_groups] == [str(third), str(first), str(second)]
    assert all(group.etag for group in answer.mutex_groups)
    assert answer.read_time.seconds > 0


def test_an_id_asked_twice_is_answered_twice(amplitude, stub):
    group_id = amplitude.add_group()
    answer = batch(stub, [group_id, group_id])
    assert [group.id for group in answer.mutex_groups] == [str(group_id)] * 2


def test_archived_groups_are_answered_too(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(deleted=True)
    assert [group.id for group in batch(stub, [group_id]).mutex_groups] == [str(group_id)]


def test_few_ids_are_gotten_one_by_one(amplitude, stub):
    wanted = [amplitude.add_group() for _ in range(2)]
    batch(stub, wanted[:1])
    assert [request.route for request in amplitude.requests] == ["get"]


def test_many_ids_cost_a_scan_instead_of_as_many_requests(amplitude, stub):
    wanted = [amplitude.add_group() for _ in range(100)]
    answer = batch(stub, wanted)
    assert [group.id for group in answer.mutex_groups] == [str(number) for number in wanted]
    assert len(amplitude.requests) <= 3, amplitude.wire


@pytest.mark.parametrize("count", [1, 60])
def test_missing_ids_are_listed_with_their_number(amplitude, stub, count):
    there = amplitude.add_group()
    missing = [900_000 + number for number in range(count)]
    request = api.BatchGetMutexGroupsRequest(
        mutex_group_ids=[str(number) for number in [there, *missing]]
    )
    failure = expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.BatchGetMutexGroups, request)
    told = failure.message + str(failure.metadata) + str(failure.resource)
    assert str(missing[0]) in told
    assert str(there) not in failure.message
    if count > 1:
        assert str(count) in told


def test_a_batch_that_is_too_large_is_refused(amplitude, start_gateway):
    stub = start_gateway("--max-reply-bytes", "16384").stub()
    slots = [{"percentage": 100, "individuals": [f"{n:0>500}" for n in range(10)]}]
    wanted = [str(amplitude.add_group(slots=slots)) for _ in range(5)]
    request = api.BatchGetMutexGroupsRequest(mutex_group_ids=wanted)
    failure = expect("RESOURCE_EXHAUSTED", "RESPONSE_TOO_LARGE", stub.BatchGetMutexGroups, request)
    assert failure.pushback == -1
    assert len(batch(stub, wanted[:2]).mutex_groups) == 2


def test_a_malformed_group_fails_the_batch(amplitude, stub):
    good, bad = amplitude.add_group(), amplitude.add_group()
    amplitude.groups[bad]["slots"] = "none"
    request = api.BatchGetMutexGroupsRequest(mutex_group_ids=[str(good), str(bad)])
    expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", stub.BatchGetMutexGroups, request)


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_1_to_100_ids(amplitude, stub, count):
    request = api.BatchGetMutexGroupsRequest(mutex_group_ids=[str(n + 1) for n in range(count)])
    failure = expect("INVALID_ARGUMENT", "INVALID_REQUEST", stub.BatchGetMutexGroups, request)
    assert failure.fields == ["mutex_group_ids"]
    assert amplitude.wire == []
