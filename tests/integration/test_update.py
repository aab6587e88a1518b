"""Changing name and description: masks, etags, verification, lost replies."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import PREFIX, after_model, applied_then, before_model, reply
from rpc_errors import expect


@pytest.fixture
def group_id(amplitude) -> int:
    return amplitude.add_group(name="Old", description="old text", key="k")


def request(group_id: int, *mask: str, etag: str = "", validate_only: bool = False, **fields):
    return api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=str(group_id), **fields),
        update_mask=FieldMask(paths=mask),
        etag=etag,
        validate_only=validate_only,
    )


def etag_of(stub, group_id: int) -> str:
    answer = stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    return answer.mutex_group.etag


def invalid_fields(stub, failing) -> list[str]:
    return expect("INVALID_ARGUMENT", "INVALID_REQUEST", stub.UpdateMutexGroup, failing).fields


def test_reads_writes_what_the_mask_names_and_reads(amplitude, stub, group_id):
    answer = stub.UpdateMutexGroup(request(group_id, "name", name="New", description="ignored"))
    path = f"{PREFIX}/{group_id}"
    assert amplitude.wire == [f"GET {path}", f"PATCH {path}", f"GET {path}"]
    (patch,) = amplitude.writes
    assert patch.json == {"name": "New"}
    assert patch.headers["content-type"] == "application/json"
    assert (answer.mutex_group.name, answer.mutex_group.description) == ("New", "old text")


@pytest.mark.parametrize(
    ("mask", "fields", "sent"),
    [
        (["description"], {"description": "d"}, {"description": "d"}),
        (
            ["name", "description"],
            {"name": "n", "description": "d"},
            {"name": "n", "description": "d"},
        ),
        (["*"], {"name": "n", "description": "d"}, {"name": "n", "description": "d"}),
        (["*"], {"name": "n"}, {"name": "n", "description": ""}),
        ([], {"name": "n"}, {"name": "n"}),
        ([], {"description": "d\n\twith breaks"}, {"description": "d\n\twith breaks"}),
        (["description"], {}, {"description": ""}),
    ],
)
def test_the_mask_decides_what_is_sent(amplitude, stub, group_id, mask, fields, sent):
    stub.UpdateMutexGroup(request(group_id, *mask, **fields))
    (patch,) = amplitude.writes
    assert patch.json == sent


@pytest.mark.parametrize("patch_body", ["OK", b"", {"id": 1}, "<html>"])
def test_the_reply_of_a_patch_is_never_read(amplitude, stub, group_id, patch_body):
    amplitude.patch_body = patch_body
    assert stub.UpdateMutexGroup(request(group_id, name="New")).mutex_group.name == "New"


@pytest.mark.parametrize(
    ("mask", "fields"),
    [
        (["nope"], {"name": "n"}),
        (["key"], {"key": "other"}),
        (["slots"], {"name": "n"}),
        (["id"], {"name": "n"}),
        (["name"], {}),
        ([], {}),
    ],
    ids=["unknown", "immutable", "slots", "id", "empty name", "nothing"],
)
def test_masks_that_make_no_sense_are_invalid(amplitude, stub, group_id, mask, fields):
    assert invalid_fields(stub, request(group_id, *mask, **fields))
    assert amplitude.writes == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "other"),
        ("project_id", 1),
        ("bucketing_key", "device_id"),
        ("bucketing_salt", "x"),
        ("evaluation_mode", groups.EVALUATION_MODE_LOCAL),
    ],
)
def test_an_immutable_field_that_differs_is_invalid(amplitude, stub, group_id, field, value):
    failing = request(group_id, "name", name="New", **{field: value})
    assert invalid_fields(stub, failing) == [f"mutex_group.{field}"]
    assert amplitude.writes == []


def test_an_immutable_field_that_is_equal_is_fine(amplitude, stub, group_id):
    held = stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id))).mutex_group
    held.name = "New"
    answer = stub.UpdateMutexGroup(
        api.UpdateMutexGroupRequest(mutex_group=held, update_mask=FieldMask(paths=["name"]))
    )
    assert answer.mutex_group.name == "New"


def test_slots_that_differ_are_invalid_and_name_the_rpc_for_them(amplitude, stub, group_id):
    failing = request(group_id, "name", name="New", slots=[groups.Slot(percentage=100)])
    failure = expect("INVALID_ARGUMENT", "INVALID_REQUEST", stub.UpdateMutexGroup, failing)
    assert "UpdateSlot" in failure.message + str(failure.violations)


def test_an_unknown_group_is_not_found(amplitude, stub):
    failing = request(404404, name="New")
    failure = expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.UpdateMutexGroup, failing)
    assert failure.resource is not None
    assert failure.resource[1] == "404404"
    assert amplitude.writes == []


def test_validate_only_reads_and_writes_nothing(amplitude, stub, group_id):
    answer = stub.UpdateMutexGroup(request(group_id, name="New", validate_only=True))
    assert (answer.mutex_group.name, answer.mutex_group.description) == ("New", "old text")
    assert amplitude.writes == []
    assert amplitude.groups[group_id]["name"] == "Old"


def test_validate_only_checks_the_etag(amplitude, stub, group_id):
    failing = request(group_id, name="New", etag="v1-00", validate_only=True)
    expect("ABORTED", "ETAG_MISMATCH", stub.UpdateMutexGroup, failing)


# -- etags


def test_a_current_etag_lets_the_write_through_and_changes(stub, group_id):
    etag = etag_of(stub, group_id)
    answer = stub.UpdateMutexGroup(request(group_id, name="New", etag=etag))
    assert answer.mutex_group.etag not in ("", etag)
    assert answer.mutex_group.etag == etag_of(stub, group_id)


def test_a_stale_etag_aborts_and_tells_the_current_one(amplitude, stub, group_id):
    stale = etag_of(stub, group_id)
    amplitude.change(group_id, description="changed elsewhere")
    failing = request(group_id, name="New", etag=stale)
    failure = expect("ABORTED", "ETAG_MISMATCH", stub.UpdateMutexGroup, failing)
    assert failure.metadata["current_etag"] == etag_of(stub, group_id)
    assert amplitude.writes == []


def test_an_etag_does_not_depend_on_times_authors_or_the_shape_of_the_json(
    amplitude, stub, group_id
):
    before = etag_of(stub, group_id)
    amplitude.change(group_id, lastModifiedAt="2030-01-01T00:00:00Z", lastModifiedBy="x", extra=1)
    amplitude.id_type = str
    assert etag_of(stub, group_id) == before


# -- verification


def test_a_short_lag_is_waited_for(amplitude, stub, group_id):
    amplitude.lag_reads = 2
    assert stub.UpdateMutexGroup(request(group_id, name="New")).mutex_group.name == "New"


def test_a_long_lag_is_not_yet_visible(amplitude, stub, group_id):
    amplitude.lag_reads = float("inf")
    failure = expect(
        "UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.UpdateMutexGroup, request(group_id, name="New")
    )
    assert failure.metadata["accepted_by_amplitude"] == "true"
    assert len(amplitude.of("get")) > 2, "it did not look again"


def test_a_change_of_something_else_does_not_matter(amplitude, stub, group_id):
    amplitude.fault("edit", after_model(lambda: amplitude.change(group_id, description="theirs")))
    answer = stub.UpdateMutexGroup(request(group_id, "name", name="New"))
    assert (answer.mutex_group.name, answer.mutex_group.description) == ("New", "theirs")


def test_a_lost_race_is_a_concurrent_change(amplitude, stub, group_id):
    amplitude.fault("edit", after_model(lambda: amplitude.change(group_id, name="Theirs")))
    expect("ABORTED", "CONCURRENT_CHANGE", stub.UpdateMutexGroup, request(group_id, name="Ours"))


@pytest.mark.parametrize("status", [404, 429, 500])
def test_once_accepted_a_failing_read_is_not_yet_visible(amplitude, stub, group_id, status):
    def fail_reads():
        amplitude.always("get", reply(status, {"error": "no"}))

    amplitude.fault("edit", before_model(fail_reads))
    failure = expect(
        "UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.UpdateMutexGroup, request(group_id, name="New")
    )
    assert failure.metadata["accepted_by_amplitude"] == "true"


def test_a_reply_too_large_after_a_write_tells_that_the_write_was_made(
    amplitude, start_gateway, group_id
):
    stub = start_gateway("--max-reply-bytes", "4096").stub()

    def grow():
        amplitude.slot(group_id, 1)["individuals"] = [f"{n:0>500}" for n in range(20)]

    amplitude.fault("edit", after_model(grow))
    failure = expect(
        "RESOURCE_EXHAUSTED",
        "RESPONSE_TOO_LARGE",
        stub.UpdateMutexGroup,
        request(group_id, name="New"),
    )
    assert failure.metadata["accepted_by_amplitude"] == "true"
    assert failure.pushback == -1


# -- lost replies

LOST = {
    "closed": fake_amplitude.close_connection(),
    "reset": fake_amplitude.reset_connection(),
    "503": reply(503),
    "timeout": fake_amplitude.hang(),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_lost_reply_to_a_write_that_took_effect_is_a_success(amplitude, stub, group_id, lost):
    amplitude.fault("edit", applied_then(lost))
    assert stub.UpdateMutexGroup(request(group_id, name="New")).mutex_group.name == "New"


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_lost_reply_to_a_write_without_effect_is_unavailable(amplitude, stub, group_id, lost):
    amplitude.always("edit", lost)
    failing = request(group_id, name="New")
    expect("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.UpdateMutexGroup, failing)


def test_a_lost_reply_that_reading_cannot_settle_is_unknown(amplitude, stub, group_id):
    def fail_reads():
        amplitude.always("get", reply(500))

    amplitude.always("edit", lambda exchange: fail_reads() or False)
    failing = request(group_id, name="New")
    expect("UNKNOWN", "WRITE_OUTCOME_UNKNOWN", stub.UpdateMutexGroup, failing)


# -- one after another


def test_writes_to_one_group_follow_one_another(amplitude, stub, group_id):
    gate = fake_amplitude.Gate()
    amplitude.fault("edit", gate)
    first = stub.UpdateMutexGroup.future(request(group_id, name="First"))
    gate.wait_for_arrival()
    second = stub.UpdateMutexGroup.future(request(group_id, name="Second"))
    other = amplitude.add_group()
    stub.UpdateMutexGroup(request(other, name="Not held up"))
    assert len(amplitude.of("edit")) == 2, "the second write did not wait for the first"
    gate.open()
    assert first.result().mutex_group.name == "First"
    assert second.result().mutex_group.name == "Second"
    own = [r for r in amplitude.requests if r.segments[0] == str(group_id)]
    assert [r.method for r in own] == ["GET", "PATCH", "GET"] * 2
