"""Requests that cannot be right: refused before anything is sent, with all violations at once."""

from __future__ import annotations

import pytest
from google.protobuf import duration_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from rpc_errors import expect

Slot = groups.Slot
FULL = [Slot(percentage=100)]


def violations(amplitude, call, request):
    failure = expect("INVALID_ARGUMENT", "INVALID_REQUEST", call, request)
    assert amplitude.wire == [], "something was sent"
    return failure


def create(**fields) -> api.CreateMutexGroupRequest:
    base = {"project_id": 1, "name": "N", "slots": FULL}
    return api.CreateMutexGroupRequest(mutex_group=groups.MutexGroup(**{**base, **fields}))


CREATES = {
    "no group": (api.CreateMutexGroupRequest(), None),
    "no project": (create(project_id=0), "mutex_group.project_id"),
    "negative project": (create(project_id=-1), "mutex_group.project_id"),
    "no name": (create(name=""), "mutex_group.name"),
    "long name": (create(name="ü" * 256), "mutex_group.name"),
    "control character in the name": (create(name="a\nb"), "mutex_group.name"),
    "control character in the key": (create(key="a\x00b"), "mutex_group.key"),
    "control character in the description": (
        create(description="a\x07"),
        "mutex_group.description",
    ),
    "control character in the salt": (create(bucketing_salt="a\x1f"), "mutex_group.bucketing_salt"),
    "control character in the bucketing key": (
        create(bucketing_key="\x7f"),
        "mutex_group.bucketing_key",
    ),
    "no slots": (create(slots=[]), "mutex_group.slots"),
    "21 slots": (
        create(slots=[Slot(percentage=5)] * 19 + [Slot(percentage=3), Slot(percentage=2)]),
        "mutex_group.slots",
    ),
    "percentages that do not sum to 100": (
        create(slots=[Slot(percentage=60), Slot(percentage=50)]),
        "mutex_group.slots",
    ),
    "percentage of zero": (
        create(slots=[Slot(percentage=100), Slot()]),
        "mutex_group.slots[1].percentage",
    ),
    "percentage over 100": (
        create(slots=[Slot(percentage=101)]),
        "mutex_group.slots[0].percentage",
    ),
    "index that is not its position": (
        create(slots=[Slot(index=2, percentage=100)]),
        "mutex_group.slots[0].index",
    ),
    "experiment id of zero": (
        create(slots=[Slot(percentage=100, experiment_ids=[1, 0])]),
        "mutex_group.slots[0].experiment_ids[1]",
    ),
    "holdout id below zero": (
        create(slots=[Slot(percentage=100, holdout_ids=[-5])]),
        "mutex_group.slots[0].holdout_ids[0]",
    ),
    "experiment twice": (
        create(slots=[Slot(percentage=100, experiment_ids=[1, 1])]),
        "mutex_group.slots[0].experiment_ids[1]",
    ),
    "empty individual": (
        create(slots=[Slot(percentage=100, individuals=[""])]),
        "mutex_group.slots[0].individuals[0]",
    ),
    "individual twice": (
        create(slots=[Slot(percentage=100, individuals=["a", "b", "a"])]),
        "mutex_group.slots[0].individuals[2]",
    ),
    "unknown mode": (create(evaluation_mode=9), "mutex_group.evaluation_mode"),
}


@pytest.mark.parametrize(("request_", "field"), CREATES.values(), ids=CREATES.keys())
def test_a_create_that_cannot_be_right(amplitude, stub, request_, field):
    failure = violations(amplitude, stub.CreateMutexGroup, request_)
    if field is not None:
        assert field in failure.fields
        # A percentage that is out of range may spoil the sum too.
        assert set(failure.fields) <= {field, "mutex_group.slots"}
        assert all(description for _, description in failure.violations)


@pytest.mark.parametrize("request_id", ["not-a-uuid", "123e4567-e89b-12d3-a456-42661417400"])
def test_a_request_id_is_a_uuid(amplitude, stub, request_id):
    request = create()
    request.request_id = request_id
    assert violations(amplitude, stub.CreateMutexGroup, request).fields == ["request_id"]


def test_all_violations_come_at_once_and_count_slots_as_people_do(amplitude, stub):
    request = create(
        project_id=0,
        name="",
        slots=[Slot(percentage=50), Slot(percentage=50), Slot(percentage=0, experiment_ids=[-1])],
    )
    request.request_id = "x"
    failure = violations(amplitude, stub.CreateMutexGroup, request)
    assert set(failure.fields) >= {
        "mutex_group.project_id",
        "mutex_group.name",
        "mutex_group.slots[2].percentage",
        "mutex_group.slots[2].experiment_ids[0]",
        "request_id",
    }
    assert "slot 3" in failure.description_of("mutex_group.slots[2].percentage")


@pytest.mark.parametrize(
    "request_",
    [
        create(name="ü" * 255),
        create(description="tabs\tand\nline breaks\r\n"),
        create(slots=[Slot(index=1, percentage=99), Slot(index=2, percentage=1)]),
        create(slots=[Slot(percentage=5)] * 20),
    ],
    ids=["255 code points", "line breaks", "indices", "20 slots"],
)
def test_a_create_at_the_limits_is_fine(amplitude, stub, request_):
    assert stub.CreateMutexGroup(request_).mutex_group.id


# -- ids, in every RPC that takes one


def requests_with_id(group_id: str):
    mask = FieldMask(paths=["experiment_ids"])
    return {
        "UpdateMutexGroup": api.UpdateMutexGroupRequest(
            mutex_group=groups.MutexGroup(id=group_id, name="N")
        ),
        "UpdateSlot": api.UpdateSlotRequest(
            mutex_group_id=group_id, slot_index=1, update_mask=mask
        ),
        "AddSlotMembers": api.AddSlotMembersRequest(
            mutex_group_id=group_id, slot_index=1, experiment_ids=[1]
        ),
        "RemoveSlotMembers": api.RemoveSlotMembersRequest(
            mutex_group_id=group_id, slot_index=1, experiment_ids=[1]
        ),
        "MoveSlotMembers": api.MoveSlotMembersRequest(
            mutex_group_id=group_id, from_slot_index=1, to_slot_index=2, experiment_ids=[1]
        ),
        "ArchiveMutexGroup": api.ArchiveMutexGroupRequest(mutex_group_id=group_id),
        "UnarchiveMutexGroup": api.UnarchiveMutexGroupRequest(mutex_group_id=group_id),
        "GetMutexGroup": api.GetMutexGroupRequest(mutex_group_id=group_id),
        "BatchGetMutexGroups": api.BatchGetMutexGroupsRequest(mutex_group_ids=[group_id]),
    }


ID_FIELDS = {"UpdateMutexGroup": "mutex_group.id", "BatchGetMutexGroups": "mutex_group_ids[0]"}


@pytest.mark.parametrize("group_id", ["", ".", "..", "a\nb", "\x00", "x" * 129, "ü" * 65])
@pytest.mark.parametrize("method", requests_with_id("1").keys())
def test_an_id_must_be_fit_for_a_path(amplitude, stub, method, group_id):
    request = requests_with_id(group_id)[method]
    failure = violations(amplitude, getattr(stub, method), request)
    if not (method == "GetMutexGroup" and group_id == ""):
        assert failure.fields == [ID_FIELDS.get(method, "mutex_group_id")]


def test_a_get_takes_exactly_one_of_id_and_key(amplitude, stub):
    violations(amplitude, stub.GetMutexGroup, api.GetMutexGroupRequest())
    violations(amplitude, stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id="1", key="k"))


# -- slots


@pytest.mark.parametrize("slot_index", [0, -1])
def test_a_slot_index_is_positive(amplitude, stub, slot_index):
    requests = requests_with_id("1")
    for method in ("UpdateSlot", "AddSlotMembers", "RemoveSlotMembers"):
        request = requests[method]
        request.slot_index = slot_index
        assert violations(amplitude, getattr(stub, method), request).fields == ["slot_index"]
    request = requests["MoveSlotMembers"]
    request.from_slot_index = slot_index
    assert violations(amplitude, stub.MoveSlotMembers, request).fields == ["from_slot_index"]
    request.from_slot_index = 1
    request.to_slot_index = slot_index
    assert violations(amplitude, stub.MoveSlotMembers, request).fields == ["to_slot_index"]


def test_a_move_is_between_two_slots(amplitude, stub):
    request = requests_with_id("1")["MoveSlotMembers"]
    request.to_slot_index = request.from_slot_index
    assert violations(amplitude, stub.MoveSlotMembers, request).fields == ["to_slot_index"]


MEMBERS = {
    "experiment of zero": ({"experiment_ids": [0]}, "experiment_ids[0]"),
    "holdout below zero": ({"holdout_ids": [1, -1]}, "holdout_ids[1]"),
    "experiment twice": ({"experiment_ids": [5, 6, 5]}, "experiment_ids[2]"),
    "empty individual": ({"individuals": [""]}, "individuals[0]"),
    "individual twice": ({"individuals": ["a", "a"]}, "individuals[1]"),
}


@pytest.mark.parametrize(("members", "field"), MEMBERS.values(), ids=MEMBERS.keys())
def test_members_are_positive_and_not_repeated(amplitude, stub, members, field):
    for method in ("AddSlotMembers", "RemoveSlotMembers", "MoveSlotMembers"):
        request = requests_with_id("1")[method]
        request.ClearField("experiment_ids")
        request.MergeFrom(type(request)(**members))
        assert violations(amplitude, getattr(stub, method), request).fields == [field]
    update = api.UpdateSlotRequest(
        mutex_group_id="1", slot_index=1, slot=Slot(**members), update_mask=FieldMask(paths=["*"])
    )
    assert violations(amplitude, stub.UpdateSlot, update).fields == [f"slot.{field}"]


@pytest.mark.parametrize("method", ["AddSlotMembers", "RemoveSlotMembers", "MoveSlotMembers"])
def test_nobody_to_add_remove_or_move_is_invalid(amplitude, stub, method):
    request = requests_with_id("1")[method]
    request.ClearField("experiment_ids")
    violations(amplitude, getattr(stub, method), request)


# -- lists


LISTS = {
    "negative page size": (api.ListMutexGroupsRequest(page_size=-1), "page_size"),
    "negative staleness": (
        api.ListMutexGroupsRequest(max_staleness=duration_pb2.Duration(seconds=-1)),
        "max_staleness",
    ),
    "negative project": (
        api.ListMutexGroupsRequest(filter=groups.MutexGroupFilter(project_id=-1)),
        "filter.project_id",
    ),
    "negative experiment": (
        api.ListMutexGroupsRequest(filter=groups.MutexGroupFilter(experiment_id=-1)),
        "filter.experiment_id",
    ),
    "negative holdout": (
        api.ListMutexGroupsRequest(filter=groups.MutexGroupFilter(holdout_id=-1)),
        "filter.holdout_id",
    ),
}


@pytest.mark.parametrize(("request_", "field"), LISTS.values(), ids=LISTS.keys())
def test_a_list_that_cannot_be_right(amplitude, stub, request_, field):
    assert violations(amplitude, stub.ListMutexGroups, request_).fields == [field]


def test_a_negative_staleness_is_invalid_in_every_read(amplitude, stub):
    negative = duration_pb2.Duration(nanos=-1)
    get = api.GetMutexGroupRequest(mutex_group_id="1", max_staleness=negative)
    assert violations(amplitude, stub.GetMutexGroup, get).fields == ["max_staleness"]
    batch = api.BatchGetMutexGroupsRequest(mutex_group_ids=["1"], max_staleness=negative)
    assert violations(amplitude, stub.BatchGetMutexGroups, batch).fields == ["max_staleness"]


# -- size of the details


def test_many_violations_stay_under_the_limit_of_trailers_and_are_counted(amplitude, stub):
    individuals = ["" for _ in range(3000)]
    request = create(slots=[Slot(percentage=100, individuals=individuals)])
    # The size itself is checked for every failure.
    failure = violations(amplitude, stub.CreateMutexGroup, request)
    assert 10 < len(failure.violations) < 3000
    told = failure.message + str(failure.violations[-1]) + str(failure.metadata)
    assert any(character.isdigit() for character in told)


def test_a_very_long_text_in_a_message_is_clipped(amplitude, stub):
    request = create(name="x" * 100_000)
    failure = violations(amplitude, stub.CreateMutexGroup, request)
    assert failure.fields == ["mutex_group.name"]
