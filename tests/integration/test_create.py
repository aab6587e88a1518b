"""Creating a group once: key, salt, the look after a doubtful POST, and what ends unknown."""

from __future__ import annotations

import re
import uuid

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import PREFIX, Gate, applied_then, reply
from rpc_errors import expect

LOST = {
    "closed": fake_amplitude.close_connection(),
    "reset": fake_amplitude.reset_connection(),
    "500": reply(500, {"error": "oops"}),
    "502": fake_amplitude.html(502),
    "408": reply(408),
    "timeout": fake_amplitude.hang(),
}


def request(request_id: str = "", **fields) -> api.CreateMutexGroupRequest:
    group = groups.MutexGroup(
        **{
            "project_id": 5678,
            "name": "Checkout Flow",
            "slots": [
                groups.Slot(
                    percentage=40, experiment_ids=[123], holdout_ids=[456], individuals=["u"]
                ),
                groups.Slot(percentage=60),
            ],
            **fields,
        }
    )
    return api.CreateMutexGroupRequest(mutex_group=group, request_id=request_id)


def new_id() -> str:
    return str(uuid.uuid4())


def test_the_body_has_what_was_asked_and_a_key_and_a_salt(amplitude, stub):
    stub.CreateMutexGroup(request())
    (post,) = amplitude.of("create")
    assert str(post) == f"POST {PREFIX}"
    assert post.headers["content-type"] == "application/json"
    assert "expect" not in post.headers
    body = post.json
    assert re.fullmatch(r"checkout-flow-[0-9a-f]{10}", body.pop("key"))
    assert re.fullmatch(r"r1-[0-9a-f]+-[0-9a-f]+", body.pop("bucketingSalt"))
    first, second = body.pop("slots")
    assert body.pop("projectId") == 5678
    assert body.pop("name") == "Checkout Flow"
    # Documented defaults may be said or left to Amplitude.
    assert (
        body.items()
        <= {"evaluationMode": "remote", "bucketingKey": "amplitude_id", "description": ""}.items()
    )
    assert first == {
        "percentage": 40,
        "experiments": [123],
        "holdouts": [456],
        "individuals": ["u"],
    }
    assert second.pop("percentage") == 60
    assert all(members == [] for members in second.values())


def test_what_the_caller_sets_is_sent(amplitude, stub):
    stub.CreateMutexGroup(
        request(
            key="my-key",
            bucketing_salt="my-salt",
            bucketing_key="user_id",
            description="Why",
            evaluation_mode=groups.EVALUATION_MODE_LOCAL,
        )
    )
    body = amplitude.of("create")[0].json
    assert (body["key"], body["bucketingSalt"], body["bucketingKey"]) == (
        "my-key",
        "my-salt",
        "user_id",
    )
    assert (body["description"], body["evaluationMode"]) == ("Why", "local")


def test_the_answer_is_what_amplitude_now_holds(amplitude, stub):
    answer = stub.CreateMutexGroup(request())
    (number,) = amplitude.groups
    assert answer.mutex_group.id == str(number)
    assert answer.url == f"http://experiment.amplitude.com/mutex/{number}"
    assert answer.mutex_group.slots[0].name == "SLOT 1"
    assert answer.mutex_group.etag
    read = stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(number)))
    assert read.mutex_group == answer.mutex_group


def test_output_only_fields_are_ignored(amplitude, stub):
    answer = stub.CreateMutexGroup(
        request(id="77", state=groups.MutexGroup.STATE_ARCHIVED, etag="v1-x", created_by="me")
    )
    assert answer.mutex_group.id != "77"
    assert amplitude.of("create")[0].json.keys().isdisjoint({"id", "deleted", "etag", "createdBy"})


def test_a_post_uses_a_connection_of_its_own(amplitude, stub):
    group_id = amplitude.add_group()
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    stub.CreateMutexGroup(request(name="A"))
    stub.CreateMutexGroup(request(name="B"))
    for post in amplitude.of("create"):
        before = amplitude.requests[: amplitude.requests.index(post)]
        assert post.connection not in [earlier.connection for earlier in before]


def test_two_creates_without_a_request_id_make_two_groups(amplitude, stub):
    first = stub.CreateMutexGroup(request()).mutex_group
    second = stub.CreateMutexGroup(request()).mutex_group
    assert first.id != second.id
    assert first.key != second.key


def test_repeating_a_request_returns_the_same_group(amplitude, stub):
    repeated = request(new_id())
    first = stub.CreateMutexGroup(repeated).mutex_group
    second = stub.CreateMutexGroup(repeated).mutex_group
    assert second == first
    assert len(amplitude.groups) == 1


def test_repeating_a_request_to_another_process_returns_the_same_group(amplitude, start_gateway):
    repeated = request(new_id())
    first = start_gateway().stub().CreateMutexGroup(repeated).mutex_group
    second = start_gateway().stub().CreateMutexGroup(repeated).mutex_group
    assert second.id == first.id
    assert len(amplitude.groups) == 1


@pytest.mark.parametrize("key", ["", "own-key"])
def test_a_request_id_with_another_body_is_refused(amplitude, stub, key):
    request_id = new_id()
    stub.CreateMutexGroup(request(request_id, key=key))
    other = request(request_id, key=key, description="Something else")
    expect("INVALID_ARGUMENT", "REQUEST_ID_REUSED", stub.CreateMutexGroup, other)
    assert len(amplitude.groups) == 1


def test_a_key_taken_by_another_group_already_exists(amplitude, stub):
    amplitude.add_group(key="taken")
    failure = expect(
        "ALREADY_EXISTS", "KEY_ALREADY_EXISTS", stub.CreateMutexGroup, request(key="taken")
    )
    assert failure.resource is not None
    assert failure.resource[1] == "taken"


@pytest.mark.parametrize(
    "answer",
    [
        reply(409, {"error": "conflict"}),
        reply(400, {"error": "The key is already taken"}),
        reply(400, {"error": "key already exists"}),
    ],
    ids=["409", "400 taken", "400 exists"],
)
def test_a_key_taken_by_what_cannot_be_found_already_exists(amplitude, stub, answer):
    amplitude.fault("create", answer)
    expect("ALREADY_EXISTS", "KEY_ALREADY_EXISTS", stub.CreateMutexGroup, request(key="a-flag"))
    assert len(amplitude.of("create")) == 1
    assert amplitude.of("list"), "nobody looked for the key"


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_create_whose_reply_is_lost_is_found_by_its_key(amplitude, stub, lost):
    amplitude.fault("create", applied_then(lost))
    answer = stub.CreateMutexGroup(request())
    assert [str(number) for number in amplitude.groups] == [answer.mutex_group.id]
    assert len(amplitude.of("create")) == 1


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_create_that_is_lost_and_not_found_is_posted_again_after_a_look(amplitude, stub, lost):
    amplitude.fault("create", lost)
    answer = stub.CreateMutexGroup(request())
    assert [str(number) for number in amplitude.groups] == [answer.mutex_group.id]
    routes = [seen.route for seen in amplitude.requests if seen.route in ("create", "list")]
    assert routes[0] == "create"
    assert routes[-1] == "create"
    assert set(routes[1:-1]) == {"list"}, "nobody looked for the key"


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_create_that_never_takes_effect_is_unavailable_and_safe_to_repeat(amplitude, stub, lost):
    amplitude.always("create", lost)
    asked = request()
    failed = expect("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.CreateMutexGroup, asked)
    routes = [seen.route for seen in amplitude.requests if seen.route in ("create", "list")]
    assert all(pair != ("create", "create") for pair in zip(routes, routes[1:], strict=False))
    amplitude.clear_faults()
    asked.request_id = failed.metadata["request_id"]
    answer = stub.CreateMutexGroup(asked)
    assert [str(number) for number in amplitude.groups] == [answer.mutex_group.id]


def test_a_create_that_never_left_is_unavailable(amplitude, stub):
    amplitude.refuse()
    failure = expect("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.CreateMutexGroup, request())
    assert "http_status" not in failure.metadata


def test_a_crash_between_post_and_reply_leaves_one_group_after_the_callers_retry(
    amplitude, start_gateway
):
    held = Gate(then=fake_amplitude.close_connection())
    amplitude.fault("create", applied_then(held))
    asked = request("7c1c5bd9-4b6e-4d5e-8f3b-0a2c6d715bd9")
    first = start_gateway()
    lost = first.stub().CreateMutexGroup.future(asked)
    held.wait_for_arrival()
    assert len(amplitude.groups) == 1, "Amplitude has not applied it"
    first.popen.kill()
    first.wait()
    assert lost.exception() is not None

    answer = start_gateway().stub().CreateMutexGroup(asked)
    assert [str(number) for number in amplitude.groups] == [answer.mutex_group.id]
    assert [seen.route for seen in amplitude.requests].count("create") == 2


def test_a_callers_own_salt_is_no_mark_but_an_equal_group_is(amplitude, stub):
    amplitude.fault("create", applied_then(fake_amplitude.close_connection()))
    answer = stub.CreateMutexGroup(request(key="k", bucketing_salt="own"))
    assert answer.mutex_group.bucketing_salt == "own"


def test_a_callers_own_salt_on_another_group_already_exists(amplitude, stub):
    amplitude.add_group(key="k", bucketingSalt="own", name="Other", projectId=5678)
    failing = request(key="k", bucketing_salt="own")
    expect("ALREADY_EXISTS", "KEY_ALREADY_EXISTS", stub.CreateMutexGroup, failing)


UNREADABLE = {
    "text": reply(200, "OK"),
    "empty": reply(201),
    "no id": reply(200, {"url": "u"}),
    "array": reply(200, []),
    "HTML": fake_amplitude.html(200),
    "cut": fake_amplitude.cut({"id": "1", "url": "http://x"}, 7),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_2xx_that_cannot_be_read_leads_to_the_look(amplitude, stub, answer):
    amplitude.fault("create", applied_then(answer))
    created = stub.CreateMutexGroup(request())
    assert [str(number) for number in amplitude.groups] == [created.mutex_group.id]


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_2xx_that_cannot_be_read_and_no_group_is_not_yet_visible(amplitude, stub, answer):
    amplitude.fault("create", answer)
    failure = expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.CreateMutexGroup, request())
    assert failure.metadata["accepted_by_amplitude"] == "true"


def test_a_short_lag_is_waited_for(amplitude, stub):
    amplitude.lag_reads = 2
    answer = stub.CreateMutexGroup(request())
    assert [str(number) for number in amplitude.groups] == [answer.mutex_group.id]


def test_a_long_lag_is_not_yet_visible_and_names_the_group(amplitude, stub):
    amplitude.lag_reads = float("inf")
    failure = expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.CreateMutexGroup, request())
    (number,) = amplitude.groups
    assert failure.metadata["accepted_by_amplitude"] == "true"
    assert failure.metadata["mutex_group_id"] == str(number)
    assert failure.metadata["url"] == f"http://experiment.amplitude.com/mutex/{number}"


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_once_accepted_a_failing_read_does_not_hide_it(amplitude, stub, status):
    amplitude.always("get", reply(status, {"error": "no"}))
    amplitude.always("list", reply(status, {"error": "no"}))
    failure = expect("UNKNOWN", "WRITE_NOT_YET_VISIBLE", stub.CreateMutexGroup, request())
    (number,) = amplitude.groups
    assert failure.metadata["mutex_group_id"] == str(number)


def test_a_rejection_is_told_and_nothing_is_looked_for(amplitude, stub):
    amplitude.fault("create", reply(400, {"error": "experiments must belong to the project"}))
    failure = expect("INVALID_ARGUMENT", "REJECTED_BY_AMPLITUDE", stub.CreateMutexGroup, request())
    assert "experiments must belong to the project" in failure.message
    assert failure.metadata["http_status"] == "400"


def test_validate_only_creates_nothing_and_answers_with_the_group(amplitude, stub):
    asked = request()
    asked.validate_only = True
    group = stub.CreateMutexGroup(asked).mutex_group
    assert amplitude.writes == []
    assert group.name == "Checkout Flow"
    assert re.fullmatch(r"checkout-flow-[0-9a-f]{10}", group.key)
    assert [slot.index for slot in group.slots] == [1, 2]
    assert list(group.slots[0].experiment_ids) == [123]
    assert group.id == ""


def test_validate_only_looks_whether_the_key_is_taken(amplitude, stub):
    amplitude.add_group(key="taken")
    asked = request(key="taken")
    asked.validate_only = True
    expect("ALREADY_EXISTS", "KEY_ALREADY_EXISTS", stub.CreateMutexGroup, asked)
    assert amplitude.writes == []
