"""What slots hold: replacing, adding, removing, moving; and a wrong idea of slot indices."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import PREFIX, after_model, applied_then, reply
from rpc_errors import expect


@pytest.fixture
def group_id(amplitude) -> int:
    return amplitude.add_group(
        slots=[
            {"percentage": 50, "experiments": [1, 2], "holdouts": [8], "individuals": ["a", "b"]},
            {"percentage": 30, "experiments": [3]},
            {"percentage": 20},
        ]
    )


def update(group_id, slot_index: int, *mask: str, etag="", validate_only=False, **lists):
    return api.UpdateSlotRequest(
        mutex_group_id=str(group_id),
        slot_index=slot_index,
        slot=groups.Slot(**lists),
        update_mask=FieldMask(paths=mask),
        etag=etag,
        validate_only=validate_only,
    )


def add(group_id, slot_index: int, **fields):
    return api.AddSlotMembersRequest(mutex_group_id=str(group_id), slot_index=slot_index, **fields)


def remove(group_id, slot_index: int, **fields):
    return api.RemoveSlotMembersRequest(
        mutex_group_id=str(group_id), slot_index=slot_index, **fields
    )


def move(group_id, source: int, destination: int, **fields):
    return api.MoveSlotMembersRequest(
        mutex_group_id=str(group_id),
        from_slot_index=source,
        to_slot_index=destination,
        **fields,
    )


def etag_of(stub, group_id) -> str:
    answer = stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    return answer.mutex_group.etag


# -- replacing


def test_replaces_the_lists_that_the_mask_names(amplitude, stub, group_id):
    answer = stub.UpdateSlot(
        update(group_id, 1, "experiment_ids", experiment_ids=[7, 9], individuals=["ignored"])
    )
    group_path = f"{PREFIX}/{group_id}"
    assert amplitude.wire == [
        f"GET {group_path}",
        f"PATCH {group_path}/slots/1",
        f"GET {group_path}",
    ]
    (patch,) = amplitude.writes
    assert patch.json == {"experiments": [7, 9]}
    assert patch.headers["content-type"] == "application/json"
    slot = answer.mutex_group.slots[0]
    assert list(slot.experiment_ids) == [7, 9]
    assert list(slot.individuals) == ["a", "b"]


@pytest.mark.parametrize(
    ("mask", "lists", "sent"),
    [
        (["holdout_ids"], {"holdout_ids": [5]}, {"holdouts": [5]}),
        (["individuals"], {"individuals": ['ü"\\']}, {"individuals": ['ü"\\']}),
        (["individuals"], {}, {"individuals": []}),
        (["*"], {"experiment_ids": [4]}, {"experiments": [4], "holdouts": [], "individuals": []}),
        (["experiment_ids"], {"experiment_ids": [2**53 + 1]}, {"experiments": [2**53 + 1]}),
    ],
)
def test_the_mask_decides_what_is_sent(amplitude, stub, group_id, mask, lists, sent):
    stub.UpdateSlot(update(group_id, 1, *mask, **lists))
    (patch,) = amplitude.writes
    assert patch.json == sent


@pytest.mark.parametrize(
    "mask", [[], ["percentage"], ["index"], ["nope"], ["experiment_ids", "nope"]]
)
def test_a_mask_is_required_and_names_the_three_lists_only(amplitude, stub, group_id, mask):
    failing = update(group_id, 1, *mask, experiment_ids=[1])
    failure = expect("INVALID_ARGUMENT", "INVALID_REQUEST", stub.UpdateSlot, failing)
    assert all(name.startswith("update_mask") for name in failure.fields)
    assert amplitude.wire == []


@pytest.mark.parametrize("slot_index", [4, 20])
def test_a_slot_that_the_group_lacks_is_not_found_and_nothing_is_sent(
    amplitude, stub, group_id, slot_index
):
    for call, failing in (
        (stub.UpdateSlot, update(group_id, slot_index, "experiment_ids")),
        (stub.AddSlotMembers, add(group_id, slot_index, experiment_ids=[1])),
        (stub.RemoveSlotMembers, remove(group_id, slot_index, experiment_ids=[1])),
        (stub.MoveSlotMembers, move(group_id, 1, slot_index, experiment_ids=[1])),
        (stub.MoveSlotMembers, move(group_id, slot_index, 1, experiment_ids=[1])),
    ):
        expect("NOT_FOUND", "SLOT_NOT_FOUND", call, failing)
    assert amplitude.writes == []


def test_an_unknown_group_is_not_found(amplitude, stub):
    for call, failing in (
        (stub.UpdateSlot, update("404404", 1, "experiment_ids")),
        (stub.AddSlotMembers, add("404404", 1, experiment_ids=[1])),
        (stub.RemoveSlotMembers, remove("404404", 1, experiment_ids=[1])),
        (stub.MoveSlotMembers, move("404404", 1, 2, experiment_ids=[1])),
    ):
        expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", call, failing)
    assert amplitude.writes == []


def test_a_404_on_a_slot_of_a_group_that_can_be_read_is_a_slot_not_found(amplitude, stub, group_id):
    amplitude.fault("edit_slot", reply(404, {"error": "Not found"}))
    failing = update(group_id, 1, "experiment_ids", experiment_ids=[7])
    expect("NOT_FOUND", "SLOT_NOT_FOUND", stub.UpdateSlot, failing)


def test_lists_are_compared_as_sets(amplitude, stub, group_id):
    def shuffle():
        amplitude.slot(group_id, 1)["experiments"].reverse()

    amplitude.fault("edit_slot", after_model(shuffle))
    answer = stub.UpdateSlot(update(group_id, 1, "experiment_ids", experiment_ids=[7, 9]))
    assert list(answer.mutex_group.slots[0].experiment_ids) == [9, 7]


def test_a_short_lag_is_waited_for_and_a_long_one_is_told(amplitude, stub, group_id):
    amplitude.lag_reads = 2
    asked = update(group_id, 1, "experiment_ids", experiment_ids=[7])
    assert list(stub.UpdateSlot(asked).mutex_group.slots[0].experiment_ids) == [7]
    amplitude.lag_reads = float("inf")
    asked = update(group_id, 1, "experiment_ids", experiment_ids=[70])
    failure = expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.UpdateSlot, asked)
    assert failure.metadata["accepted_by_amplitude"] == "true"


def test_a_lost_race_is_a_concurrent_change(amplitude, stub, group_id):
    def overwrite():
        amplitude.slot(group_id, 1)["experiments"] = [99]

    amplitude.fault("edit_slot", after_model(overwrite))
    failing = update(group_id, 1, "experiment_ids", experiment_ids=[7])
    expect("ABORTED", "CONCURRENT_CHANGE", stub.UpdateSlot, failing)


def test_a_lost_reply_is_settled_by_reading(amplitude, stub, group_id):
    amplitude.fault("edit_slot", applied_then(fake_amplitude.reset_connection()))
    answer = stub.UpdateSlot(update(group_id, 1, "experiment_ids", experiment_ids=[7]))
    assert list(answer.mutex_group.slots[0].experiment_ids) == [7]
    amplitude.always("edit_slot", fake_amplitude.reset_connection())
    failing = update(group_id, 1, "experiment_ids", experiment_ids=[8])
    expect("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.UpdateSlot, failing)


def test_a_stale_etag_aborts_every_slot_write(amplitude, stub, group_id):
    stale = "v1-0"
    for call, failing in (
        (stub.UpdateSlot, update(group_id, 1, "experiment_ids", etag=stale)),
        (stub.AddSlotMembers, add(group_id, 1, experiment_ids=[7], etag=stale)),
        (stub.RemoveSlotMembers, remove(group_id, 1, experiment_ids=[1], etag=stale)),
        (stub.MoveSlotMembers, move(group_id, 1, 2, experiment_ids=[1], etag=stale)),
    ):
        failure = expect("ABORTED", "ETAG_MISMATCH", call, failing)
        assert failure.metadata["current_etag"] == etag_of(stub, group_id)
    assert amplitude.writes == []


def test_validate_only_answers_with_the_group_as_it_would_be(amplitude, stub, group_id):
    for call, asked, expected in (
        (
            stub.UpdateSlot,
            update(group_id, 1, "experiment_ids", experiment_ids=[7], validate_only=True),
            [[7], [3], []],
        ),
        (
            stub.AddSlotMembers,
            add(group_id, 1, experiment_ids=[7], validate_only=True),
            [[1, 2, 7], [3], []],
        ),
        (
            stub.RemoveSlotMembers,
            remove(group_id, 1, experiment_ids=[1], validate_only=True),
            [[2], [3], []],
        ),
        (
            stub.MoveSlotMembers,
            move(group_id, 1, 3, experiment_ids=[1], validate_only=True),
            [[2], [3], [1]],
        ),
    ):
        group = call(asked).mutex_group
        assert [list(slot.experiment_ids) for slot in group.slots] == expected
    assert amplitude.writes == []


# -- adding and removing


def test_adds_to_what_is_there(amplitude, stub, group_id):
    answer = stub.AddSlotMembers(
        add(group_id, 1, experiment_ids=[2, 7], holdout_ids=[9], individuals=["c"])
    )
    slot = answer.mutex_group.slots[0]
    assert sorted(slot.experiment_ids) == [1, 2, 7]
    assert sorted(slot.holdout_ids) == [8, 9]
    assert sorted(slot.individuals) == ["a", "b", "c"]
    (patch,) = amplitude.writes
    assert str(patch) == f"PATCH {PREFIX}/{group_id}/slots/1"


def test_only_lists_that_change_are_sent(amplitude, stub, group_id):
    stub.AddSlotMembers(add(group_id, 1, experiment_ids=[7]))
    (patch,) = amplitude.writes
    assert {name: sorted(members) for name, members in patch.json.items()} == {
        "experiments": [1, 2, 7]
    }


def test_adding_what_is_there_succeeds_without_a_write(amplitude, stub, group_id):
    answer = stub.AddSlotMembers(add(group_id, 1, experiment_ids=[2], individuals=["a"]))
    assert list(answer.mutex_group.slots[0].experiment_ids) == [1, 2]
    assert amplitude.writes == []


def test_removes_what_is_there(amplitude, stub, group_id):
    answer = stub.RemoveSlotMembers(
        remove(group_id, 1, experiment_ids=[1, 77], individuals=["a", "b"])
    )
    slot = answer.mutex_group.slots[0]
    assert (list(slot.experiment_ids), list(slot.individuals)) == ([2], [])
    (patch,) = amplitude.writes
    assert patch.json == {"experiments": [2], "individuals": []}


def test_removing_what_is_not_there_succeeds_without_a_write(amplitude, stub, group_id):
    answer = stub.RemoveSlotMembers(remove(group_id, 1, experiment_ids=[77], holdout_ids=[1]))
    assert list(answer.mutex_group.slots[0].experiment_ids) == [1, 2]
    assert amplitude.writes == []


# -- moving


def test_moves_by_adding_and_then_removing(amplitude, stub, group_id):
    answer = stub.MoveSlotMembers(move(group_id, 1, 2, experiment_ids=[1], individuals=["a"]))
    slots = answer.mutex_group.slots
    assert (list(slots[0].experiment_ids), list(slots[0].individuals)) == ([2], ["b"])
    assert (sorted(slots[1].experiment_ids), list(slots[1].individuals)) == ([1, 3], ["a"])
    assert [request.path.rpartition("/")[2] for request in amplitude.writes] == ["2", "1"]


def test_repeating_a_move_succeeds_without_a_write(amplitude, stub, group_id):
    asked = move(group_id, 1, 2, experiment_ids=[1])
    stub.MoveSlotMembers(asked)
    amplitude.forget_requests()
    answer = stub.MoveSlotMembers(asked)
    assert sorted(answer.mutex_group.slots[1].experiment_ids) == [1, 3]
    assert amplitude.writes == []


@pytest.mark.parametrize(
    "fault",
    [reply(500), reply(400, {"error": "no"}), fake_amplitude.close_connection()],
    ids=["500", "400", "closed"],
)
def test_half_a_move_is_told_and_repeating_it_completes_it(amplitude, stub, group_id, fault):
    # As often as it is asked: libcurl asks again where a kept connection turns out dead.
    amplitude.fault(
        "edit_slot", fault, times=float("inf"), when=lambda r: r.path.endswith("/slots/1")
    )
    asked = move(group_id, 1, 2, experiment_ids=[1])
    expect("ABORTED", "PARTIALLY_APPLIED", stub.MoveSlotMembers, asked)
    assert amplitude.slot(group_id, 1)["experiments"] == [1, 2]
    assert sorted(amplitude.slot(group_id, 2)["experiments"]) == [1, 3]

    amplitude.clear_faults()
    answer = stub.MoveSlotMembers(asked)
    assert [sorted(slot.experiment_ids) for slot in answer.mutex_group.slots] == [[2], [1, 3], []]


def test_a_move_whose_first_step_fails_is_that_failure(amplitude, stub, group_id):
    amplitude.fault("edit_slot", reply(400, {"error": "no"}))
    asked = move(group_id, 1, 2, experiment_ids=[1])
    expect("INVALID_ARGUMENT", "REJECTED_BY_AMPLITUDE", stub.MoveSlotMembers, asked)
    assert amplitude.slot(group_id, 2)["experiments"] == [3]


# -- the slot index base


def test_the_base_decides_what_stands_in_the_path(amplitude, start_gateway, group_id):
    amplitude.slot_index_base = 0
    stub = start_gateway("--slot-index-base", "0").stub()
    stub.UpdateSlot(update(group_id, 1, "experiment_ids", experiment_ids=[7]))
    assert str(amplitude.writes[0]) == f"PATCH {PREFIX}/{group_id}/slots/0"
    assert amplitude.slot(group_id, 1)["experiments"] == [7]


def test_a_wrong_base_is_noticed_and_slot_writes_stop(amplitude, gateway, group_id):
    amplitude.slot_index_base = 0
    stub = gateway.stub()
    failing = update(group_id, 1, "experiment_ids", experiment_ids=[7])
    expect("DATA_LOSS", "WRONG_SLOT_CHANGED", stub.UpdateSlot, failing)
    # What the wrong slot held before is in the log, for whoever puts it back.
    gateway.wait_for_log(
        lambda entry: (
            "3" in str(entry.get("experiment_ids", entry))
            and entry["level"] in ("error", "critical")
        ),
        "the slot's former lists",
    )
    amplitude.forget_requests()

    for call, refused in (
        (stub.UpdateSlot, failing),
        (stub.AddSlotMembers, add(group_id, 3, experiment_ids=[7])),
        (stub.RemoveSlotMembers, remove(group_id, 1, experiment_ids=[1])),
        (stub.MoveSlotMembers, move(group_id, 1, 3, experiment_ids=[1])),
    ):
        expect("FAILED_PRECONDITION", "SLOT_INDEX_BASE_WRONG", call, refused)
    assert amplitude.writes == []
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    stub.UpdateMutexGroup(
        api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=str(group_id), name="Still"))
    )


def test_another_slot_that_held_the_lists_before_is_no_sign_of_a_wrong_base(
    amplitude, stub, group_id
):
    amplitude.slot(group_id, 2)["experiments"] = [7]
    amplitude.lag_reads = float("inf")
    failing = update(group_id, 1, "experiment_ids", experiment_ids=[7])
    expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.UpdateSlot, failing)
