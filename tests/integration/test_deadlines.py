"""The deadline bounds everything, and its error says whether a write had been sent."""

from __future__ import annotations

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import Gate
from rpc_errors import expect

LATE = ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")


@pytest.fixture
def patient(start_gateway):
    """A gateway whose attempts last longer than the deadlines of these tests."""
    return start_gateway("--upstream-timeout", "60s")


@pytest.fixture
def group_id(amplitude) -> str:
    return str(amplitude.add_group(name="Old"))


def rename(group_id: str):
    return api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=group_id, name="New"))


def test_a_read_ends_at_its_deadline_with_our_error(amplitude, patient, group_id):
    amplitude.fault("get", fake_amplitude.hang())
    request = api.GetMutexGroupRequest(mutex_group_id=group_id)
    failed = expect(*LATE, patient.stub().GetMutexGroup, request, timeout=1)
    assert failed.metadata["write_sent"] == "false"


def test_a_call_without_a_deadline_gets_the_default_one(amplitude, start_gateway, group_id):
    stub = start_gateway("--default-deadline", "500ms", "--upstream-timeout", "60s").stub()
    amplitude.fault("get", fake_amplitude.hang())
    expect(*LATE, stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=group_id))


def test_a_deadline_before_the_write_says_that_nothing_was_sent(amplitude, patient, group_id):
    amplitude.fault("get", fake_amplitude.hang())
    failed = expect(*LATE, patient.stub().UpdateMutexGroup, rename(group_id), timeout=1)
    assert failed.metadata["write_sent"] == "false"
    assert amplitude.writes == []


def test_a_deadline_during_the_write_says_that_it_was_sent(amplitude, patient, group_id):
    amplitude.fault("edit", fake_amplitude.hang())
    failed = expect(*LATE, patient.stub().UpdateMutexGroup, rename(group_id), timeout=1)
    assert failed.metadata["write_sent"] == "true"
    assert len(amplitude.writes) == 1


def test_a_deadline_during_a_create_says_that_it_was_sent(amplitude, patient):
    amplitude.fault("create", fake_amplitude.hang())
    group = groups.MutexGroup(project_id=1, name="N", slots=[groups.Slot(percentage=100)])
    request = api.CreateMutexGroupRequest(mutex_group=group)
    failed = expect(*LATE, patient.stub().CreateMutexGroup, request, timeout=1)
    assert failed.metadata["write_sent"] == "true"


def test_the_transfer_ends_with_the_deadline(amplitude, patient, group_id):
    gate = Gate()
    amplitude.fault("get", gate)
    request = api.GetMutexGroupRequest(mutex_group_id=group_id)
    expect(*LATE, patient.stub().GetMutexGroup, request, timeout=1)
    gate.wait_for_client_to_leave()


def test_an_attempts_time_out_is_an_unavailable_amplitude(amplitude, start_gateway, group_id):
    stub = start_gateway("--upstream-timeout", "300ms").stub()
    amplitude.always("get", fake_amplitude.hang())
    request = api.GetMutexGroupRequest(mutex_group_id=group_id)
    expect("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.GetMutexGroup, request, timeout=60)
    assert len(amplitude.of("get")) == 5


def test_a_write_that_waits_for_another_ends_at_its_own_deadline(amplitude, patient, group_id):
    stub = patient.stub()
    gate = Gate()
    amplitude.fault("edit", gate)
    first = stub.UpdateMutexGroup.future(rename(group_id), timeout=60)
    gate.wait_for_arrival()
    failed = expect(*LATE, stub.UpdateMutexGroup, rename(group_id), timeout=1)
    assert failed.metadata["write_sent"] == "false"
    gate.open()
    assert first.result().mutex_group.name == "New"
    assert len(amplitude.writes) == 1
