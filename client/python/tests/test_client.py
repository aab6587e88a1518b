"""What the thin layer adds to the stubs, in both styles."""

from __future__ import annotations

import asyncio
import inspect
import threading
import uuid
from datetime import timedelta

import grpc
import pytest
from conftest import SERVICE
from google.protobuf.field_mask_pb2 import FieldMask

import mutexgroups
from mutexgroups import v1

METHODS = {
    "get": "GetMutexGroup",
    "batch_get": "BatchGetMutexGroups",
    "create": "CreateMutexGroup",
    "update": "UpdateMutexGroup",
    "update_slot": "UpdateSlot",
    "add_slot_members": "AddSlotMembers",
    "remove_slot_members": "RemoveSlotMembers",
    "move_slot_members": "MoveSlotMembers",
    "archive": "ArchiveMutexGroup",
    "unarchive": "UnarchiveMutexGroup",
}


@pytest.fixture
def client(service):
    with mutexgroups.Client(service.address, environment={}) as made:
        yield made


@pytest.fixture
async def async_client(service):
    async with mutexgroups.AsyncClient(service.address, environment={}) as made:
        yield made


def unavailable(request, context):
    context.abort(grpc.StatusCode.UNAVAILABLE, "down")


def pages_of(*pages):
    """Answers of a listing, one after the other."""
    left = list(pages)
    return lambda request, context: left.pop(0)


@pytest.mark.parametrize(("method", "rpc"), METHODS.items())
def test_each_rpc_has_a_method(service, client, method, rpc):
    answer = getattr(client, method)(getattr(v1, f"{rpc}Request")())
    assert isinstance(answer, getattr(v1, f"{rpc}Response"))
    assert [name for name, _, _ in service.calls] == [rpc]


@pytest.mark.parametrize(("method", "rpc"), METHODS.items())
async def test_each_rpc_has_a_coroutine(service, async_client, method, rpc):
    answer = await getattr(async_client, method)(getattr(v1, f"{rpc}Request")())
    assert isinstance(answer, getattr(v1, f"{rpc}Response"))
    assert [name for name, _, _ in service.calls] == [rpc]


def test_no_rpc_is_left_out():
    assert {*METHODS.values(), "ListMutexGroups"} == {method.name for method in SERVICE.methods}


def test_both_clients_have_the_same_methods():
    for name, method in vars(mutexgroups.Client).items():
        if name.startswith("_"):
            continue
        other = getattr(mutexgroups.AsyncClient, name)
        ours, theirs = inspect.signature(method), inspect.signature(other)
        assert ours.parameters == theirs.parameters, name
        assert method.__doc__ == other.__doc__, name


def test_keyword_arguments_are_the_fields_of_the_request(service, client):
    client.get(mutex_group_id="7", max_staleness=timedelta(seconds=1.5))
    client.update_slot(
        mutex_group_id="7",
        slot_index=2,
        slot=v1.Slot(experiment_ids=[1]),
        update_mask=["experiment_ids"],
    )
    get, update = service.requests
    assert get.mutex_group_id == "7"
    assert (get.max_staleness.seconds, get.max_staleness.nanos) == (1, 500_000_000)
    assert update.slot.experiment_ids == [1]
    assert update.update_mask == FieldMask(paths=["experiment_ids"])


def test_arguments_that_make_no_request_are_refused(service, client):
    with pytest.raises(TypeError, match="either"):
        client.get(v1.GetMutexGroupRequest(), key="a")
    with pytest.raises(TypeError, match="GetMutexGroupRequest"):
        client.get(v1.ArchiveMutexGroupRequest())
    with pytest.raises(TypeError, match="list of names"):
        client.update(update_mask="name")
    with pytest.raises(ValueError, match="no_such_field"):
        client.get(no_such_field=1)
    assert service.calls == []


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_is_over_zero(service, client, timeout):
    with pytest.raises(mutexgroups.OptionError, match="timeout"):
        client.get(timeout=timeout)
    with pytest.raises(mutexgroups.OptionError, match="timeout"):
        mutexgroups.Client(service.address, timeout=timeout)


def test_a_correlation_id_is_printable(service, client):
    client.get(correlation_id="ticket 17")
    with pytest.raises(mutexgroups.OptionError, match="correlation_id"):
        client.get(correlation_id="two\nlines")
    assert [metadata["x-request-id"] for _, _, metadata in service.calls] == ["ticket 17"]


def test_a_create_can_be_repeated(service, client):
    service.answers["CreateMutexGroup"] = unavailable
    request = v1.CreateMutexGroupRequest()
    errors = []
    for _ in range(2):
        with pytest.raises(mutexgroups.MutexGroupsError) as caught:
            client.create(request)
        errors.append(caught.value)
    sent = {request.request_id for request in service.requests}
    assert sent == {request.request_id}
    assert [error.metadata["request_id"] for error in errors] == [request.request_id] * 2
    assert str(uuid.UUID(request.request_id)) == request.request_id


def test_creates_of_keyword_arguments_have_an_id_each(service, client):
    client.create(mutex_group=v1.MutexGroup(name="a"))
    client.create(mutex_group=v1.MutexGroup(name="b"))
    first, second = (request.request_id for request in service.requests)
    assert first != second


def test_a_listing_fetches_what_is_asked_for(service, client):
    one = v1.ListMutexGroupsResponse(mutex_groups=[v1.MutexGroup(id="1")], next_page_token="a")
    two = v1.ListMutexGroupsResponse(mutex_groups=[v1.MutexGroup(id="2")])
    service.answers["ListMutexGroups"] = pages_of(one, two)
    request = v1.ListMutexGroupsRequest()
    groups = client.list(request)
    assert service.calls == []
    assert next(groups).id == "1"
    assert len(service.calls) == 1
    assert [group.id for group in groups] == ["2"]
    assert len(service.calls) == 2
    assert request == v1.ListMutexGroupsRequest(), "the caller's request is as it was"


async def test_an_asynchronous_listing_does_too(service, async_client):
    one = v1.ListMutexGroupsResponse(mutex_groups=[v1.MutexGroup(id="1")], next_page_token="a")
    two = v1.ListMutexGroupsResponse(mutex_groups=[v1.MutexGroup(id="2")])
    service.answers["ListMutexGroups"] = pages_of(one, two)
    groups = async_client.list(page_size=1)
    assert service.calls == []
    assert (await anext(groups)).id == "1"
    assert len(service.calls) == 1
    assert [group.id async for group in groups] == ["2"]
    assert [request.page_size for request in service.requests] == [1, 1]


def test_nothing_comes_after_an_error(service, client):
    service.answers["ListMutexGroups"] = lambda request, context: context.abort(
        grpc.StatusCode.INTERNAL, "broken"
    )
    pages = client.pages()
    with pytest.raises(mutexgroups.MutexGroupsError):
        next(pages)
    assert next(pages, None) is None
    assert len(service.calls) == 1


def test_threads_share_a_client(service, client):
    def read() -> None:
        for _ in range(20):
            client.get(mutex_group_id="1")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(service.calls) == 160


async def test_tasks_share_a_client(service, async_client):
    await asyncio.gather(*(async_client.get(mutex_group_id="1") for _ in range(50)))
    assert len(service.calls) == 50


async def test_a_cancelled_call_is_cancelled(service, async_client):
    entered, left = threading.Event(), threading.Event()

    def hang(request, context):
        context.add_callback(left.set)
        entered.set()
        left.wait(60)
        return v1.GetMutexGroupResponse()

    service.answers["GetMutexGroup"] = hang
    call = asyncio.create_task(async_client.get(mutex_group_id="1"))
    assert await asyncio.to_thread(entered.wait, 60)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(left.wait, 60), "the service was not told"


def test_a_closed_client_makes_no_calls(service):
    client = mutexgroups.Client(service.address)
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.get()


def test_the_key_is_in_no_text(service):
    client = mutexgroups.Client(service.address, amplitude_key="ampex_secret")
    service.answers["ArchiveMutexGroup"] = unavailable
    with pytest.raises(mutexgroups.MutexGroupsError) as caught:
        client.archive()
    assert service.calls[0][2]["x-amplitude-management-key"] == "ampex_secret"
    shown = [repr(client), repr(client._settings), str(caught.value), str(caught.value.__cause__)]
    assert not [text for text in shown if "secret" in text]
    client.close()
