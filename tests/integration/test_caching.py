"""Reads that share a request, and reads that may be old."""

from __future__ import annotations

import time

import pytest
from google.protobuf import duration_pb2
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import Gate
from gateway import metrics
from rpc_errors import expect

DOWN = ("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE")
LONG = 600  # seconds: longer than any of these tests


def get_request(group_id, staleness: float | None = None) -> api.GetMutexGroupRequest:
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    if staleness is not None:
        request.max_staleness.CopyFrom(seconds(staleness))
    return request


def get(stub, group_id, staleness: float | None = None):
    return stub.GetMutexGroup(get_request(group_id, staleness))


def name_of(stub, group_id, staleness: float | None = None) -> str:
    return get(stub, group_id, staleness).mutex_group.name


def listing(stub, staleness: float | None = None):
    request = api.ListMutexGroupsRequest()
    if staleness is not None:
        request.max_staleness.CopyFrom(seconds(staleness))
    return stub.ListMutexGroups(request)


def batch(stub, group_ids, staleness: float):
    request = api.BatchGetMutexGroupsRequest(
        mutex_group_ids=[str(number) for number in group_ids], max_staleness=seconds(staleness)
    )
    return stub.BatchGetMutexGroups(request)


def rename(stub, group_id, name: str):
    group = groups.MutexGroup(id=str(group_id), name=name)
    return stub.UpdateMutexGroup(api.UpdateMutexGroupRequest(mutex_group=group))


def seconds(number: float) -> duration_pb2.Duration:
    return duration_pb2.Duration(seconds=int(number), nanos=int(number % 1 * 1e9))


def moment(timestamp) -> float:
    return timestamp.seconds + timestamp.nanos / 1e9


# -- equal reads under way


def wait_until_joined(gateway, count: int) -> None:
    joined = 'mutexd_coalesced_reads_total{operation="get"}'
    fake_amplitude.wait_until(
        lambda: metrics(gateway.http("/metrics").body).get(joined) == count, f"{count} joined"
    )


def test_a_thousand_equal_gets_are_one_request(amplitude, gateway, stub):
    group_id = amplitude.add_group(name="Checkout")
    gate = Gate()
    amplitude.fault("get", gate)
    calls = [stub.GetMutexGroup.future(get_request(group_id), timeout=60) for _ in range(1000)]
    gate.wait_for_arrival()
    wait_until_joined(gateway, 999)
    gate.open()
    assert {call.result().mutex_group.name for call in calls} == {"Checkout"}
    assert len(amplitude.requests) == 1


def test_who_leaves_a_shared_request_does_not_end_it(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    stub = gateway.stub()
    group_id = amplitude.add_group(name="Checkout")
    gate = Gate()
    amplitude.fault("get", gate)
    calls = [stub.GetMutexGroup.future(get_request(group_id)) for _ in range(3)]
    gate.wait_for_arrival()
    wait_until_joined(gateway, 2)
    calls[0].cancel()
    hurried = get_request(group_id)
    expect("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", stub.GetMutexGroup, hurried, timeout=0.5)
    gate.open()
    assert [call.result().mutex_group.name for call in calls[1:]] == ["Checkout"] * 2
    assert len(amplitude.requests) == 1


def test_a_shared_request_ends_when_all_have_left(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    stub = gateway.stub()
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate)
    calls = [stub.GetMutexGroup.future(get_request(group_id)) for _ in range(3)]
    gate.wait_for_arrival()
    wait_until_joined(gateway, 2)
    for call in calls:
        call.cancel()
    gate.wait_for_client_to_leave()


def test_a_read_does_not_join_one_from_before_an_own_write(amplitude, stub):
    group_id = amplitude.add_group(name="Old")
    gate = Gate(then=fake_amplitude.reply(200, amplitude.document(group_id)))
    amplitude.fault("get", gate)
    overtaken = stub.GetMutexGroup.future(get_request(group_id, LONG))
    gate.wait_for_arrival()
    rename(stub, group_id, "New")
    assert name_of(stub, group_id) == "New"
    gate.open()
    assert overtaken.result().mutex_group.name == "Old"  # as it was when it was asked for
    assert name_of(stub, group_id, LONG) == "New"


# -- staleness


def test_an_answer_may_be_as_old_as_the_request_says(amplitude, stub):
    group_id = amplitude.add_group(name="Old")
    before = time.time()
    first = get(stub, group_id, LONG)
    assert before - 1 <= moment(first.read_time) <= time.time() + 1
    amplitude.change(group_id, name="New")
    again = get(stub, group_id, LONG)
    assert again.mutex_group.name == "Old"
    assert again.read_time == first.read_time
    assert len(amplitude.requests) == 1
    assert name_of(stub, group_id, 0) == "New"
    assert name_of(stub, group_id, LONG) == "New"  # the newest that is known


def test_answers_grow_too_old(amplitude, stub):
    group_id = amplitude.add_group(name="Old")
    first = get(stub, group_id, 0.3)
    amplitude.change(group_id, name="New")

    def asked_again() -> bool:
        answer = get(stub, group_id, 0.3)
        if answer.mutex_group.name == "Old":
            assert time.time() - moment(first.read_time) < 0.3 + 1
        return answer.mutex_group.name == "New"

    fake_amplitude.wait_until(asked_again, "the answer is too old")
    assert len(amplitude.requests) == 2


def test_without_a_word_reads_are_fresh(amplitude, stub):
    group_id = amplitude.add_group()
    for _ in range(2):
        get(stub, group_id)
        listing(stub)
    assert len(amplitude.requests) == 4


def test_the_default_staleness_counts_without_a_word(amplitude, start_gateway):
    stub = start_gateway("--default-max-staleness", "10m").stub()
    group_id = amplitude.add_group()
    for _ in range(2):
        get(stub, group_id)
        listing(stub)
    assert len(amplitude.requests) == 2
    get(stub, group_id, 0)
    assert len(amplitude.requests) == 3


def test_the_limit_lowers_what_is_asked_for(amplitude, start_gateway):
    stub = start_gateway("--max-staleness-limit", "0s").stub()
    group_id = amplitude.add_group()
    for _ in range(2):
        get(stub, group_id, LONG)
    assert len(amplitude.requests) == 2


def test_no_bytes_turn_the_cache_off(amplitude, start_gateway):
    stub = start_gateway("--cache-max-bytes", "0").stub()
    group_id = amplitude.add_group()
    for _ in range(2):
        get(stub, group_id, LONG)
    assert len(amplitude.requests) == 2


def test_a_list_answers_gets_and_batches_of_its_groups(amplitude, stub):
    group_ids = [amplitude.add_group() for _ in range(3)]
    listed = listing(stub, LONG)
    assert listing(stub, LONG) == listed
    assert get(stub, group_ids[1], LONG).read_time == listed.read_time
    answer = batch(stub, reversed(group_ids), LONG)
    assert [group.id for group in answer.mutex_groups] == [str(n) for n in reversed(group_ids)]
    assert answer.read_time == listed.read_time
    assert len(amplitude.requests) == 1


def test_a_batch_asks_only_for_what_is_not_known(amplitude, stub):
    known, unknown = amplitude.add_group(), amplitude.add_group()
    oldest = get(stub, known, LONG).read_time
    amplitude.forget_requests()
    answer = batch(stub, [unknown, known], LONG)
    assert answer.read_time == oldest
    assert [request.segments for request in amplitude.of("get")] == [[str(unknown)]]
    assert len(amplitude.requests) == 1


# -- outages


def test_an_outage_is_bridged_within_the_staleness_only(amplitude, stub):
    group_id, other = amplitude.add_group(name="Kept"), amplitude.add_group()
    get(stub, group_id, LONG)
    amplitude.refuse()
    assert name_of(stub, group_id, LONG) == "Kept"
    assert batch(stub, [group_id], LONG).mutex_groups[0].name == "Kept"
    for request in (
        get_request(group_id),
        get_request(group_id, 0),
        get_request(group_id, 1e-9),
        get_request(other, LONG),
    ):
        expect(*DOWN, stub.GetMutexGroup, request, timeout=3)


# -- own writes


def test_an_own_write_is_seen_at_once(amplitude, stub):
    group_id, other = amplitude.add_group(name="Old"), amplitude.add_group(name="Other")
    get(stub, group_id, LONG)
    listing(stub, LONG)
    rename(stub, group_id, "New")
    amplitude.forget_requests()
    assert name_of(stub, group_id, LONG) == "New"
    assert name_of(stub, other, LONG) == "Other"
    assert amplitude.requests == []  # the write's own read is enough, and so is the page
    assert [group.name for group in listing(stub, LONG).mutex_groups] == ["New", "Other"]


def test_an_own_write_that_shows_late_is_seen_from_then_on(amplitude, start_gateway):
    stub = start_gateway("--write-visibility-timeout", "10s").stub()
    group_id = amplitude.add_group(name="Old")
    get(stub, group_id, LONG)
    amplitude.lag_reads = 3
    rename(stub, group_id, "New")
    assert name_of(stub, group_id, LONG) == "New"
    assert listing(stub, LONG).mutex_groups[0].name == "New"


def test_an_own_write_that_shows_after_its_answer_is_not_hidden(amplitude, start_gateway):
    stub = start_gateway("--write-visibility-timeout", "0s").stub()
    group_id = amplitude.add_group(name="Old")
    get(stub, group_id, LONG)
    amplitude.lag_reads = 3
    group = groups.MutexGroup(id=str(group_id), name="New")
    request = api.UpdateMutexGroupRequest(mutex_group=group)
    expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.UpdateMutexGroup, request)
    assert [name_of(stub, group_id, LONG) for _ in range(3)] == ["Old", "Old", "New"]


def test_a_created_group_is_listed_at_once(amplitude, stub):
    assert list(listing(stub, LONG).mutex_groups) == []
    new = groups.MutexGroup(project_id=1, name="New", slots=[groups.Slot(percentage=100)])
    created = stub.CreateMutexGroup(api.CreateMutexGroupRequest(mutex_group=new)).mutex_group
    assert [group.id for group in listing(stub, LONG).mutex_groups] == [created.id]
    assert name_of(stub, created.id, LONG) == "New"


def test_a_missing_group_is_remembered_until_it_is_created(amplitude, stub):
    request = get_request(1001, LONG)
    for _ in range(2):
        expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.GetMutexGroup, request)
    assert len(amplitude.requests) == 1
    new = groups.MutexGroup(project_id=1, name="New", slots=[groups.Slot(percentage=100)])
    created = stub.CreateMutexGroup(api.CreateMutexGroupRequest(mutex_group=new)).mutex_group
    assert created.id == "1001"
    assert name_of(stub, 1001, LONG) == "New"


@pytest.mark.parametrize("archive", [True, False])
def test_archiving_is_seen_at_once(amplitude, stub, archive):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(deleted=not archive)
    get(stub, group_id, LONG)
    if archive:
        stub.ArchiveMutexGroup(api.ArchiveMutexGroupRequest(mutex_group_id=str(group_id)))
    else:
        stub.UnarchiveMutexGroup(api.UnarchiveMutexGroupRequest(mutex_group_id=str(group_id)))
    state = get(stub, group_id, LONG).mutex_group.state
    archived, active = groups.MutexGroup.STATE_ARCHIVED, groups.MutexGroup.STATE_ACTIVE
    assert state == (archived if archive else active)
