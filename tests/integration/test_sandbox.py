"""The emulator, in mutexd --sandbox and on its own: the whole way of an RPC, with nothing faked."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import KEY, PREFIX, wait_until
from gateway import Gateway
from process import Process, binary
from rpc_errors import expect


@pytest.fixture
def sandbox():
    """Starts programs and stops them, each in good order."""
    started: list[Process] = []

    def start(program: Process) -> Process:
        started.append(program)
        return program

    yield start
    for program in started:
        assert program.stop() == 0, program.stderr


@pytest.fixture
def stub(sandbox):
    gateway = sandbox(Gateway("--sandbox", key=None))
    return gateway.stub()


def test_begins_with_a_handful_of_groups(stub):
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest())
    assert len(page.mutex_groups) >= 3
    assert not page.unreadable
    for group in page.mutex_groups:
        assert group.id
        assert group.name
        assert group.key
        assert sum(slot.percentage for slot in group.slots) == 100


def test_a_group_lives_through_all_rpcs(stub):
    group = stub.CreateMutexGroup(
        api.CreateMutexGroupRequest(
            mutex_group=groups.MutexGroup(
                project_id=stub.ListMutexGroups(api.ListMutexGroupsRequest())
                .mutex_groups[0]
                .project_id,
                name="Through all",
                slots=[groups.Slot(percentage=30, experiment_ids=[11]), groups.Slot(percentage=70)],
            )
        )
    ).mutex_group
    read = stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=group.id)).mutex_group
    assert read == group
    by_key = stub.GetMutexGroup(api.GetMutexGroupRequest(key=group.key)).mutex_group
    assert by_key == group
    batch = stub.BatchGetMutexGroups(api.BatchGetMutexGroupsRequest(mutex_group_ids=[group.id]))
    assert list(batch.mutex_groups) == [group]
    found = stub.ListMutexGroups(
        api.ListMutexGroupsRequest(filter=groups.MutexGroupFilter(experiment_id=11, key=group.key))
    )
    assert [match.id for match in found.mutex_groups] == [group.id]

    updated = stub.UpdateMutexGroup(
        api.UpdateMutexGroupRequest(
            mutex_group=groups.MutexGroup(id=group.id, description="D"), etag=group.etag
        )
    ).mutex_group
    assert updated.description == "D"
    slot = {"mutex_group_id": group.id, "slot_index": 2}
    stub.UpdateSlot(
        api.UpdateSlotRequest(
            **slot,
            slot=groups.Slot(experiment_ids=[21, 22]),
            update_mask=FieldMask(paths=["experiment_ids"]),
        )
    )
    stub.AddSlotMembers(api.AddSlotMembersRequest(**slot, individuals=["u@example.com"]))
    stub.RemoveSlotMembers(api.RemoveSlotMembersRequest(**slot, experiment_ids=[21]))
    moved = stub.MoveSlotMembers(
        api.MoveSlotMembersRequest(
            mutex_group_id=group.id, from_slot_index=2, to_slot_index=1, experiment_ids=[22]
        )
    ).mutex_group
    assert [sorted(slot.experiment_ids) for slot in moved.slots] == [[11, 22], []]
    assert list(moved.slots[1].individuals) == ["u@example.com"]

    archived = stub.ArchiveMutexGroup(api.ArchiveMutexGroupRequest(mutex_group_id=group.id))
    assert archived.mutex_group.state == groups.MutexGroup.STATE_ARCHIVED
    back = stub.UnarchiveMutexGroup(api.UnarchiveMutexGroupRequest(mutex_group_id=group.id))
    assert back.mutex_group.state != groups.MutexGroup.STATE_ARCHIVED


def test_a_taken_key_already_exists(stub):
    taken = stub.ListMutexGroups(api.ListMutexGroupsRequest()).mutex_groups[0]
    group = groups.MutexGroup(
        project_id=taken.project_id, name="N", key=taken.key, slots=[groups.Slot(percentage=100)]
    )
    request = api.CreateMutexGroupRequest(mutex_group=group)
    expect("ALREADY_EXISTS", "KEY_ALREADY_EXISTS", stub.CreateMutexGroup, request)


def test_the_state_outlives_the_process(sandbox, tmp_path):
    flags = ("--sandbox", "--sandbox-state", str(tmp_path / "state.json"))
    first = sandbox(Gateway(*flags, key=None))
    page = first.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    group = groups.MutexGroup(id=page.mutex_groups[0].id, name="Remembered")
    first.stub().UpdateMutexGroup(api.UpdateMutexGroupRequest(mutex_group=group))
    assert first.stop() == 0
    json.loads((tmp_path / "state.json").read_text())

    second = sandbox(Gateway(*flags, key=None))
    request = api.GetMutexGroupRequest(mutex_group_id=group.id)
    assert second.stub().GetMutexGroup(request).mutex_group.name == "Remembered"


# -- the emulator alone


def emulator_url(emulator: Process) -> str:
    wait_until(lambda: "listening on" in emulator.stdout, "the emulator listens")
    found = re.search(r"listening on (http://\S+)", emulator.stdout)
    assert found is not None, emulator.stdout
    return found[1]


def test_the_emulator_alone_serves_a_gateway(sandbox):
    emulator = sandbox(
        Process([binary("mutexd-sandbox"), "--listen", "127.0.0.1:0", "--groups", "1500"])
    )
    gateway = sandbox(Gateway("--amplitude-url", emulator_url(emulator)))
    stub = gateway.stub()
    seen, token = [], ""
    while True:
        page = stub.ListMutexGroups(api.ListMutexGroupsRequest(page_size=400, page_token=token))
        seen += [group.id for group in page.mutex_groups]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) >= 1500
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(("key", "status"), [(KEY, 200), ("ampex_other", 401), (None, 401)])
def test_the_emulator_checks_keys(sandbox, key, status):
    emulator = sandbox(Process([binary("mutexd-sandbox"), "--listen", "127.0.0.1:0", "--key", KEY]))
    request = urllib.request.Request(emulator_url(emulator) + PREFIX)
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    if status == 200:
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["mutexes"]
    else:
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request, timeout=30)
        assert error.value.code == status


def test_a_rate_limit_of_the_emulator_reaches_the_caller(sandbox):
    emulator = sandbox(
        Process([binary("mutexd-sandbox"), "--listen", "127.0.0.1:0", "--quota-per-day", "2"])
    )
    gateway = sandbox(Gateway("--amplitude-url", emulator_url(emulator)))
    stub = gateway.stub()
    request = api.ListMutexGroupsRequest()
    for _ in range(2):
        stub.ListMutexGroups(request)
    failed = expect("RESOURCE_EXHAUSTED", "AMPLITUDE_RATE_LIMITED", stub.ListMutexGroups, request)
    assert failed.retry_seconds is not None
