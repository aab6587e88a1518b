"""Archiving and bringing back, whatever Amplitude says of archived groups."""

from __future__ import annotations

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import PREFIX, applied_then, before_model, reply
from rpc_errors import expect

ARCHIVED = groups.MutexGroup.STATE_ARCHIVED
ACTIVE = groups.MutexGroup.STATE_ACTIVE


def archive(stub, group_id, **fields):
    return stub.ArchiveMutexGroup(
        api.ArchiveMutexGroupRequest(mutex_group_id=str(group_id), **fields)
    ).mutex_group


def unarchive(stub, group_id, **fields):
    return stub.UnarchiveMutexGroup(
        api.UnarchiveMutexGroupRequest(mutex_group_id=str(group_id), **fields)
    ).mutex_group


def test_archives_and_brings_back(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group()
    assert archive(stub, group_id).state == ARCHIVED
    assert unarchive(stub, group_id).state == ACTIVE
    assert [request.json for request in amplitude.writes] == [{"archive": True}, {"archive": False}]
    assert {str(request) for request in amplitude.writes} == {f"PATCH {PREFIX}/{group_id}"}


def test_archiving_what_is_archived_succeeds_without_a_write(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(deleted=True)
    assert archive(stub, group_id).state == ARCHIVED
    assert amplitude.writes == []


def test_a_reply_without_deleted_counts_as_archived(amplitude, stub):
    group_id = amplitude.add_group()
    answer = archive(stub, group_id)
    assert (answer.id, answer.state) == (str(group_id), ARCHIVED)


@pytest.mark.parametrize("status", [404, 410])
def test_a_group_that_is_gone_after_the_archive_is_archived(amplitude, stub, status):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(name="Kept in the answer")

    def vanish():
        amplitude.always("get", reply(status, {"error": "Not found"}))

    amplitude.fault("edit", before_model(vanish))
    answer = archive(stub, group_id)
    assert (answer.id, answer.name, answer.state) == (str(group_id), "Kept in the answer", ARCHIVED)


def test_a_group_that_is_gone_after_a_lost_reply_settles_nothing(amplitude, stub):
    group_id = amplitude.add_group()
    amplitude.archived_are_readable = False
    amplitude.always("edit", applied_then(fake_amplitude.close_connection()))

    def failing():
        return archive(stub, group_id)

    expect("UNKNOWN", "WRITE_OUTCOME_UNKNOWN", failing)


def test_a_lost_reply_is_settled_by_a_group_that_says_deleted(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group()
    amplitude.fault("edit", applied_then(fake_amplitude.close_connection()))
    assert archive(stub, group_id).state == ARCHIVED


def test_archiving_an_unknown_group_is_not_found(amplitude, stub):
    request = api.ArchiveMutexGroupRequest(mutex_group_id="404404")
    expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.ArchiveMutexGroup, request)
    assert amplitude.writes == []


def test_unarchiving_writes_though_the_read_before_says_404(amplitude, stub):
    amplitude.archived_are_readable = False
    group_id = amplitude.add_group(deleted=True)
    answer = unarchive(stub, group_id)
    assert answer.id == str(group_id)
    assert answer.state != ARCHIVED
    assert [request.json for request in amplitude.writes] == [{"archive": False}]


def test_unarchiving_an_unknown_group_is_not_found(amplitude, stub):
    request = api.UnarchiveMutexGroupRequest(mutex_group_id="404404")
    expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.UnarchiveMutexGroup, request)


@pytest.mark.parametrize("deleted", [False, True])
def test_validate_only_changes_nothing(amplitude, stub, deleted):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(deleted=deleted)
    assert archive(stub, group_id, validate_only=True).state == ARCHIVED
    assert unarchive(stub, group_id, validate_only=True).state == ACTIVE
    assert amplitude.writes == []


def test_a_stale_etag_aborts(amplitude, stub):
    group_id = amplitude.add_group()
    for call, request_type in (
        (stub.ArchiveMutexGroup, api.ArchiveMutexGroupRequest),
        (stub.UnarchiveMutexGroup, api.UnarchiveMutexGroupRequest),
    ):
        request = request_type(mutex_group_id=str(group_id), etag="v1-0")
        failure = expect("ABORTED", "ETAG_MISMATCH", call, request)
        assert failure.metadata["current_etag"].startswith("v1-")
    assert amplitude.writes == []
