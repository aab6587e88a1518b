"""Getting and listing groups: what is asked of Amplitude, and what comes back."""

from __future__ import annotations

import time

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import KEY, PREFIX, reply
from rpc_errors import expect

MIB = 1 << 20


def get(stub, group_id, **fields):
    return stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id), **fields))


def ids(response) -> list[str]:
    return [group.id for group in response.mutex_groups]


# -- one group


def test_every_field_of_a_group_is_mapped(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(
        id=1234,
        projectId=5678,
        name="Checkout",
        key="checkout",
        description="Two lines\nof text",
        evaluationMode="local",
        bucketingKey="user_id",
        bucketingSalt="aBcD1234",
        createdBy="a@example.com",
        lastModifiedBy="b@example.com",
        createdAt="2024-01-02T03:04:05.678Z",
        lastModifiedAt="2024-02-03T04:05:06Z",
        slots=[
            {
                "percentage": 40,
                "experiments": [123, 2**53 + 1],
                "holdouts": [456],
                "individuals": ["x@example.com"],
                "cohorts": ["c1"],
            },
            {"percentage": 60},
        ],
    )
    group = get(stub, group_id).mutex_group
    assert (group.id, group.project_id, group.key, group.name) == (
        "1234",
        5678,
        "checkout",
        "Checkout",
    )
    assert group.description == "Two lines\nof text"
    assert group.evaluation_mode == groups.EVALUATION_MODE_LOCAL
    assert (group.bucketing_key, group.bucketing_salt) == ("user_id", "aBcD1234")
    assert group.state == groups.MutexGroup.STATE_ACTIVE
    assert group.create_time.ToJsonString() == "2024-01-02T03:04:05.678Z"
    assert group.update_time.ToJsonString() == "2024-02-03T04:05:06Z"
    assert (group.created_by, group.updated_by) == ("a@example.com", "b@example.com")
    assert group.etag
    first, second = group.slots
    assert first == groups.Slot(
        index=1,
        name="SLOT 1",
        variant_key="slot-1",
        percentage=40,
        experiment_ids=[123, 2**53 + 1],
        holdout_ids=[456],
        individuals=["x@example.com"],
        cohorts=["c1"],
    )
    assert second == groups.Slot(index=2, name="SLOT 2", variant_key="slot-2", percentage=60)


def test_a_get_is_one_request_with_the_key_and_no_body(amplitude, stub):
    group_id = amplitude.add_group()
    get(stub, group_id)
    assert amplitude.wire == [f"GET {PREFIX}/{group_id}"]
    (request,) = amplitude.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{amplitude.port}"
    assert request.body == b""
    assert "content-type" not in request.headers
    assert "expect" not in request.headers


def test_ids_may_come_as_text(amplitude, stub):
    amplitude.id_type = str
    group_id = amplitude.add_group(projectId=77)
    group = get(stub, group_id).mutex_group
    assert (group.id, group.project_id) == (str(group_id), 77)


@pytest.mark.parametrize("spelling", ["40", "40.0", "4e1", '"40"'])
def test_integers_may_come_in_any_notation(amplitude, stub, spelling):
    text = f'{{"id": 7, "name": "N", "slots": [{{"index": 1, "percentage": {spelling}}}]}}'
    amplitude.fault("get", reply(200, text))
    assert get(stub, 7).mutex_group.slots[0].percentage == 40


def test_the_state_is_unspecified_where_amplitude_does_not_say(amplitude, stub):
    group_id = amplitude.add_group()
    assert get(stub, group_id).mutex_group.state == groups.MutexGroup.STATE_UNSPECIFIED


def test_an_archived_group_can_be_read(amplitude, stub):
    amplitude.says_deleted = True
    group_id = amplitude.add_group(deleted=True)
    assert get(stub, group_id).mutex_group.state == groups.MutexGroup.STATE_ARCHIVED


def test_a_missing_description_is_empty(amplitude, stub):
    group_id = amplitude.add_group(description=None)
    assert get(stub, group_id).mutex_group.description == ""


def test_unknown_fields_and_wrong_kinds_of_loose_fields_do_not_matter(amplitude, stub):
    group_id = amplitude.add_group(name=["not", "text"], evaluationMode=7, extra={"deep": [[[]]]})
    group = get(stub, group_id).mutex_group
    assert group.name == ""
    assert group.evaluation_mode == groups.EVALUATION_MODE_UNSPECIFIED
    assert group.key == f"group-{group_id}"


def test_slots_are_put_in_the_order_of_their_indices(amplitude, stub):
    group_id = amplitude.add_group(slots=[{"percentage": 10}, {"percentage": 90}])
    amplitude.groups[group_id]["slots"].reverse()
    assert [slot.percentage for slot in get(stub, group_id).mutex_group.slots] == [10, 90]


def test_the_read_time_is_now(amplitude, stub):
    group_id = amplitude.add_group()
    before = time.time()
    read_time = get(stub, group_id).read_time
    assert before - 1 <= read_time.seconds + read_time.nanos / 1e9 <= time.time() + 1


def test_a_group_can_be_found_by_its_key(amplitude, stub):
    amplitude.max_limit = 2
    group_ids = [amplitude.add_group() for _ in range(5)]
    found = stub.GetMutexGroup(api.GetMutexGroupRequest(key=f"group-{group_ids[4]}")).mutex_group
    assert found.id == str(group_ids[4])
    assert len(amplitude.of("list")) == 3


def test_an_unknown_key_is_not_found(amplitude, stub):
    amplitude.add_group()
    request = api.GetMutexGroupRequest(key="nowhere")
    failure = expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.GetMutexGroup, request)
    assert failure.resource is not None
    assert failure.resource[1] == "nowhere"


def test_an_unknown_id_is_not_found_and_percent_encoded(amplitude, stub):
    request = api.GetMutexGroupRequest(mutex_group_id="a b/ü?%")
    failure = expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.GetMutexGroup, request)
    assert failure.resource is not None
    assert failure.resource[1] == "a b/ü?%"
    assert failure.metadata["http_status"] == "404"
    assert amplitude.wire == [f"GET {PREFIX}/a%20b%2F%C3%BC%3F%25"]


# -- groups that cannot be read

MALFORMED = {
    "no id": {"name": "N", "slots": []},
    "id of a wrong kind": {"id": True, "slots": []},
    "another id": {"id": 8, "slots": []},
    "slots of a wrong kind": {"id": 7, "slots": {}},
    "percentage as words": {"id": 7, "slots": [{"index": 1, "percentage": "much"}]},
    "percentage as a fraction": {"id": 7, "slots": [{"index": 1, "percentage": 1.5}]},
    "experiments of a wrong kind": {
        "id": 7,
        "slots": [{"index": 1, "percentage": 1, "experiments": [[]]}],
    },
    "an array": [],
    "text": "OK",
    "null": None,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_group_that_cannot_be_read_is_malformed(amplitude, stub, body):
    amplitude.fault("get", reply(200, body))
    request = api.GetMutexGroupRequest(mutex_group_id="7")
    failure = expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", stub.GetMutexGroup, request)
    assert failure.metadata["http_status"] == "200"


def test_the_json_path_of_the_offence_is_named(amplitude, stub):
    slots = [{"index": 1, "percentage": 40}, {"index": 2, "percentage": {}}]
    amplitude.fault("get", reply(200, {"id": 7, "slots": slots}))
    request = api.GetMutexGroupRequest(mutex_group_id="7")
    failure = expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", stub.GetMutexGroup, request)
    assert "slots[1].percentage" in failure.message


def test_a_malformed_group_does_not_spoil_the_page(amplitude, stub):
    first, broken, last = (amplitude.add_group() for _ in range(3))
    amplitude.slot(broken, 1)["percentage"] = "a lot"
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    assert ids(page) == [str(first), str(last)]
    (unreadable,) = page.unreadable
    assert unreadable.mutex_group_id == str(broken)
    assert "slots[0].percentage" in unreadable.reason
    assert page.next_page_token == ""


def test_a_group_larger_than_a_reply_is_named_in_a_page_and_an_error_on_its_own(amplitude, stub):
    small = amplitude.add_group()
    large = amplitude.add_group()
    amplitude.slot(large, 1)["individuals"] = [f"{n:0>1000}" for n in range(4 * 1024)]
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    assert ids(page) == [str(small)]
    assert [unreadable.mutex_group_id for unreadable in page.unreadable] == [str(large)]
    request = api.GetMutexGroupRequest(mutex_group_id=str(large))
    failure = expect("RESOURCE_EXHAUSTED", "RESPONSE_TOO_LARGE", stub.GetMutexGroup, request)
    assert failure.pushback == -1


@pytest.mark.parametrize("body", [{}, {"mutexes": None}, {"mutexes": {}}, [], "OK", b"", b"{"])
def test_a_page_that_is_none_is_malformed(amplitude, stub, body):
    amplitude.always("list", reply(200, body))
    request = api.ListMutexGroupsRequest()
    expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", stub.ListMutexGroups, request)


# -- lists


def test_a_list_is_in_amplitudes_order(amplitude, stub):
    expected = [amplitude.add_group() for _ in range(3)]
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    assert ids(page) == [str(group_id) for group_id in expected]
    assert page.next_page_token == ""
    assert page.read_time.seconds > 0


def test_no_groups_are_an_empty_page(amplitude, stub):
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    assert ids(page) == []
    assert page.next_page_token == ""


def test_archived_groups_are_left_out_unless_asked_for(amplitude, stub):
    amplitude.says_deleted = True
    active = amplitude.add_group()
    archived = amplitude.add_group(deleted=True)
    assert ids(stub.ListMutexGroups(api.ListMutexGroupsRequest())) == [str(active)]
    shown = stub.ListMutexGroups(api.ListMutexGroupsRequest(show_archived=True))
    assert ids(shown) == [str(active), str(archived)]
    assert [group.state for group in shown.mutex_groups] == [
        groups.MutexGroup.STATE_ACTIVE,
        groups.MutexGroup.STATE_ARCHIVED,
    ]


FILTERS = {
    "project": ({"project_id": 2}, [1, 2, 3]),
    "key": ({"key": "b"}, [1]),
    "experiment": ({"experiment_id": 10}, [1, 2]),
    "holdout": ({"holdout_id": 20}, [2, 3]),
    "individual": ({"individual": "u"}, [3]),
    "all must match": ({"experiment_id": 10, "holdout_id": 20}, [2]),
    "nothing matches": ({"experiment_id": 99}, []),
    "empty": ({}, [0, 1, 2, 3]),
}


@pytest.mark.parametrize(("wanted", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_a_filter_picks_groups(amplitude, stub, wanted, expected):
    amplitude.max_limit = 3  # matches lie on several of Amplitude's pages
    full = {"percentage": 50}
    made = [
        amplitude.add_group(projectId=1, key="a"),
        amplitude.add_group(projectId=2, key="b", slots=[full, {**full, "experiments": [10]}]),
        amplitude.add_group(
            projectId=2, key="c", slots=[{**full, "experiments": [10]}, {**full, "holdouts": [20]}]
        ),
        amplitude.add_group(
            projectId=2, key="d", slots=[{**full, "holdouts": [20], "individuals": ["u"]}, full]
        ),
    ]
    found, token = [], ""
    while True:
        page = stub.ListMutexGroups(
            api.ListMutexGroupsRequest(
                filter=groups.MutexGroupFilter(**wanted), page_size=2, page_token=token
            )
        )
        found += ids(page)
        token = page.next_page_token
        if not token:
            break
    assert found == [str(made[n]) for n in expected]


def test_a_page_over_32_mib_is_asked_for_again_with_half_the_limit(amplitude, stub):
    expected = [str(amplitude.add_group()) for _ in range(4)]
    amplitude.fault("list", fake_amplitude.endless(33 * MIB))
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    first, second = (int(request.query["limit"]) for request in amplitude.of("list")[:2])
    assert second == first // 2
    assert ids(page) == expected


def test_a_group_over_32_mib_is_malformed(amplitude, stub):
    amplitude.fault("get", fake_amplitude.endless(33 * MIB, b'{"id":7,"name":"'))
    request = api.GetMutexGroupRequest(mutex_group_id="7")
    expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", stub.GetMutexGroup, request)
