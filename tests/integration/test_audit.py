"""The audit trail: a line for every attempt to write, and no write without one."""

from __future__ import annotations

import json
import resource
import signal
import stat
import threading

import audit
import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import Gate, applied_then, reply, wait_until
from gateway import metrics
from rpc_errors import expect, failure


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trail" / "audit.jsonl"


@pytest.fixture
def gateway(start_gateway, path):
    path.parent.mkdir()
    return start_gateway("--audit-log", str(path))


@pytest.fixture
def group_id(amplitude) -> str:
    slots = [{"percentage": 60, "experiments": [1]}, {"percentage": 40}]
    return str(amplitude.add_group(slots=slots))


def rename(group_id: str, name: str, **fields) -> api.UpdateMutexGroupRequest:
    return api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=group_id, name=name), **fields
    )


def add(group_id: str, slot_index: int, *experiments: int, **fields) -> api.AddSlotMembersRequest:
    return api.AddSlotMembersRequest(
        mutex_group_id=group_id, slot_index=slot_index, experiment_ids=experiments, **fields
    )


def is_writable(gateway) -> bool:
    return metrics(gateway.http("/metrics").body)["mutexd_audit_writable"] == 1


def only_line(path) -> dict:
    lines = audit.lines(path)
    assert len(lines) == 1, lines
    return lines[0]


def test_a_write_has_a_line_with_the_group_before_and_after(gateway, path, stub, group_id):
    stub.AddSlotMembers(
        add(group_id, 1, 2), metadata=[("x-request-id", "ticket-17"), ("traceparent", TRACEPARENT)]
    )
    line = only_line(path)
    assert line["rpc_id"] == "ticket-17"
    assert (line["trace_id"], line["span_id"]) == tuple(TRACEPARENT.split("-")[1:3])
    assert (line["method"], line["mutex_group_id"], line["code"]) == (
        "AddSlotMembers",
        group_id,
        "OK",
    )
    assert line["http_status"] == 200
    assert line["write_sent"] is True
    assert line["before"]["slots"][0]["experiment_ids"] == ["1"]
    assert line["after"]["slots"][0]["experiment_ids"] == ["1", "2"]
    assert line["after"]["slots"][1]["individuals"] == []


TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_callers_trace_is_in_the_access_log(gateway, stub, group_id):
    stub.GetMutexGroup(
        api.GetMutexGroupRequest(mutex_group_id=group_id), metadata=[("traceparent", TRACEPARENT)]
    )
    entry = gateway.wait_for_log(lambda entry: entry.get("msg") == "rpc", "the call")
    assert (entry["trace_id"], entry["span_id"]) == tuple(TRACEPARENT.split("-")[1:3])


@pytest.mark.parametrize("traceparent", ["00-0-0-00", "not a trace", TRACEPARENT.upper()])
def test_what_is_no_trace_is_not_in_the_access_log(gateway, stub, group_id, traceparent):
    stub.GetMutexGroup(
        api.GetMutexGroupRequest(mutex_group_id=group_id), metadata=[("traceparent", traceparent)]
    )
    assert "trace_id" not in gateway.wait_for_log(lambda entry: entry.get("msg") == "rpc", "a call")


def test_a_create_has_the_group_that_it_made(gateway, path, stub):
    made = stub.CreateMutexGroup(
        api.CreateMutexGroupRequest(
            mutex_group=groups.MutexGroup(
                project_id=5678, name="New", slots=[groups.Slot(percentage=100)]
            )
        )
    ).mutex_group
    line = only_line(path)
    assert line["mutex_group_id"] == made.id == line["after"]["id"]
    assert line["before"] is None


def test_refused_attempts_have_lines(amplitude, gateway, path, stub, group_id):
    failure(stub.AddSlotMembers, add(group_id, 0, 2))
    failure(stub.AddSlotMembers, add(group_id, 9, 2))
    failure(stub.UpdateMutexGroup, rename(group_id, "x", etag="v1-0"))
    failure(stub.UpdateMutexGroup, rename("404404", "x"))
    amplitude.always("edit", reply(403))
    failure(stub.UpdateMutexGroup, rename(group_id, "x"))
    told = [(line["code"], line["reason"], line["write_sent"]) for line in audit.lines(path)]
    assert told == [
        ("INVALID_ARGUMENT", "INVALID_REQUEST", False),
        ("NOT_FOUND", "SLOT_NOT_FOUND", False),
        ("ABORTED", "ETAG_MISMATCH", False),
        ("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", False),
        ("PERMISSION_DENIED", "AMPLITUDE_ACCESS_DENIED", True),
    ]
    assert audit.lines(path)[2]["before"]["id"] == group_id
    assert audit.lines(path)[0]["request"]["experiment_ids"] == ["2"]


def test_attempts_beyond_the_quota_have_lines(amplitude, start_gateway, path, group_id):
    path.parent.mkdir()
    gateway = start_gateway("--audit-log", str(path), "--quota-per-day", "2")
    failure(gateway.stub().UpdateMutexGroup, rename(group_id, "x"))
    assert only_line(path)["reason"] == "QUOTA_PER_DAY"
    assert amplitude.wire == []


def test_attempts_in_the_drain_have_lines(amplitude, start_gateway, path, group_id):
    path.parent.mkdir()
    gateway = start_gateway("--audit-log", str(path), "--upstream-timeout", "60s")
    gate = Gate()
    amplitude.fault("edit", gate)
    stub = gateway.stub()
    under_way = stub.UpdateMutexGroup.future(rename(group_id, "under way"))
    gate.wait_for_arrival()
    gateway.terminate()
    gateway.wait_for_log(lambda entry: entry.get("msg") == "draining", "the drain")
    gate.open()
    under_way.result()
    assert gateway.wait() == 0
    assert audit.lines(path)[0]["code"] == "OK"


def test_reads_and_questions_have_no_lines(gateway, path, stub, group_id):
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=group_id))
    stub.ListMutexGroups(api.ListMutexGroupsRequest())
    stub.UpdateMutexGroup(rename(group_id, "x", validate_only=True))
    assert audit.lines(path) == []


def test_a_write_whose_outcome_is_unknown_has_a_line_that_says_so(
    amplitude, gateway, path, stub, group_id
):
    def die(exchange) -> bool:
        amplitude.refuse()
        return False

    amplitude.fault("edit", applied_then(die))
    expect("UNKNOWN", "WRITE_OUTCOME_UNKNOWN", stub.UpdateMutexGroup, rename(group_id, "x"))
    line = only_line(path)
    assert (line["code"], line["reason"]) == ("UNKNOWN", "WRITE_OUTCOME_UNKNOWN")
    assert line["write_sent"] is True
    assert line["before"]["name"] != "x"
    assert line["after"] is None
    assert line["request"]["mutex_group"]["name"] == "x"


def test_a_call_that_the_caller_gave_up_has_a_line(amplitude, start_gateway, path, group_id):
    path.parent.mkdir()
    gateway = start_gateway("--audit-log", str(path), "--upstream-timeout", "60s")
    gate = Gate()
    amplitude.fault("edit", gate)
    call = gateway.stub().UpdateMutexGroup.future(rename(group_id, "x"))
    gate.wait_for_arrival()
    call.cancel()
    wait_until(lambda: audit.lines(path), "the line")
    assert only_line(path)["code"] == "CANCELLED"
    assert only_line(path)["write_sent"] is True
    gate.open()


def test_the_file_is_not_for_everybody(gateway, path, stub, group_id):
    stub.UpdateMutexGroup(rename(group_id, "x"))
    assert stat.S_IMODE(path.stat().st_mode) & 0o137 == 0


def test_the_key_is_never_in_the_file(gateway, path, stub, group_id):
    failure(stub.UpdateMutexGroup, rename(group_id, fake_amplitude.KEY, etag="v1-0"))
    stub.UpdateMutexGroup(rename(group_id, "x"), metadata=[("x-request-id", fake_amplitude.KEY)])
    assert len(audit.lines(path)) == 2
    assert fake_amplitude.KEY not in path.read_text()


def test_hostile_texts_stay_within_their_line(amplitude, gateway, path, stub):
    name = 'line\nbreak \x1b[31m "quoted" \u202e \x7f <script>'
    group_id = str(amplitude.add_group(name=name))
    stub.UpdateMutexGroup(rename(group_id, "plain"))
    assert only_line(path)["before"]["name"] == name
    assert not any(ord(c) < 32 or ord(c) == 127 for c in path.read_text().replace("\n", ""))


# -- when the file cannot be written


def test_a_path_that_cannot_be_opened_is_told_at_the_start(start_gateway, tmp_path):
    gateway = start_gateway("--audit-log", str(tmp_path / "none" / "audit.jsonl"))
    assert gateway.wait() == 1
    assert "No such file or directory" in gateway.stderr
    assert "audit log" in gateway.stderr


def test_on_a_full_disk_writes_are_refused_and_reads_go_on(amplitude, start_gateway, group_id):
    gateway = start_gateway("--audit-log", "/dev/full")
    stub = gateway.stub()
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=group_id))
    unwritable = ("UNAVAILABLE", "AUDIT_LOG_UNAVAILABLE")
    error = expect(*unwritable, stub.UpdateMutexGroup, rename(group_id, "x"))
    assert "No space left" in error.message
    expect(*unwritable, stub.UpdateMutexGroup, rename(group_id, "x", validate_only=True))
    assert amplitude.writes == []
    assert not is_writable(gateway)
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=group_id))


def test_when_the_directory_is_gone_the_next_write_is_refused(
    amplitude, gateway, path, stub, group_id
):
    stub.UpdateMutexGroup(rename(group_id, "first"))
    path.unlink()
    path.parent.rmdir()
    amplitude.forget_requests()
    expect("UNAVAILABLE", "AUDIT_LOG_UNAVAILABLE", stub.UpdateMutexGroup, rename(group_id, "x"))
    assert amplitude.writes == []
    path.parent.mkdir()
    wait_until(lambda: is_writable(gateway), "the trail is written again")
    stub.UpdateMutexGroup(rename(group_id, "second"))
    told = [(line["code"], line.get("reason")) for line in audit.lines(path)]
    assert told == [("UNAVAILABLE", "AUDIT_LOG_UNAVAILABLE"), ("OK", None)]


def test_a_write_that_was_made_keeps_its_outcome_and_its_line_follows(
    amplitude, start_gateway, path, group_id
):
    path.parent.mkdir()
    gateway = start_gateway("--audit-log", str(path), "--upstream-timeout", "60s")
    stub = gateway.stub()
    gate = Gate()
    amplitude.fault("edit", gate)
    call = stub.UpdateMutexGroup.future(rename(group_id, "made"))
    gate.wait_for_arrival()
    # From now on no file of the process may grow: some bytes of the line fit.
    gateway.limit_file_size(path.stat().st_size + 20)
    gate.open()
    assert call.result().mutex_group.name == "made"
    told = gateway.wait_for_log(lambda entry: "audit_line" in entry, "the line in the log")
    assert json.loads(told["audit_line"])["after"]["name"] == "made"
    expect("UNAVAILABLE", "AUDIT_LOG_UNAVAILABLE", stub.UpdateMutexGroup, rename(group_id, "x"))

    gateway.limit_file_size(resource.RLIM_INFINITY)
    wait_until(lambda: is_writable(gateway), "the trail is written again")
    stub.UpdateMutexGroup(rename(group_id, "next"))
    whole = []
    for line in path.read_text().splitlines():
        try:
            whole.append(json.loads(line))
        except ValueError:
            assert len(line) <= 20, "more than the part that fitted is broken"
    names = [line["after"] and line["after"]["name"] for line in whole if line["event"] == "write"]
    assert names == ["made", None, "next"]


# -- rotation


def test_no_line_is_lost_when_the_file_is_rotated_under_load(amplitude, gateway, path):
    ids = [str(amplitude.add_group(slots=[{"percentage": 100}])) for _ in range(4)]
    stub = gateway.stub()
    rotated, done = [], threading.Event()

    def write(group_id: str, count: int) -> None:
        for number in range(1, count + 1):
            stub.AddSlotMembers(add(group_id, 1, number))

    def rotate() -> None:
        while not done.wait(0.01):
            if not path.exists():
                continue
            rotated.append(path.with_suffix(f".{len(rotated)}"))
            path.rename(rotated[-1])

    rotation = threading.Thread(target=rotate)
    writers = [threading.Thread(target=write, args=(group_id, 25)) for group_id in ids]
    for thread in (rotation, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    rotation.join()
    assert len(rotated) > 3
    lines = [line for file in (*rotated, path) if file.exists() for line in audit.lines(file)]
    for group_id in ids:
        of_group = [line for line in lines if line["mutex_group_id"] == group_id]
        added = [line["request"]["experiment_ids"] for line in of_group]
        assert added == [[str(number)] for number in range(1, 26)]
        assert all(line["code"] == "OK" for line in of_group)


def test_sighup_begins_a_new_file(gateway, path, stub, group_id):
    stub.UpdateMutexGroup(rename(group_id, "first"))
    former = path.rename(path.with_suffix(".1"))
    gateway.popen.send_signal(signal.SIGHUP)
    wait_until(path.exists, "the new file")
    stub.UpdateMutexGroup(rename(group_id, "second"))
    assert len(audit.lines(former)) == len(audit.lines(path)) == 1
    assert len(audit.lines(path, "opened")) == 1


# -- crash


def test_what_a_caller_was_told_is_on_the_disk_when_the_process_is_killed(
    gateway, path, stub, group_id
):
    told = 0
    request = api.UpdateSlotRequest(
        mutex_group_id=group_id, slot_index=1, update_mask=FieldMask(paths=["experiment_ids"])
    )

    def kill():
        gateway.popen.kill()

    timer = threading.Timer(0.5, kill)
    timer.start()
    while True:
        request.slot.experiment_ids[:] = [told + 100]
        try:
            stub.UpdateSlot(request)
        except grpc.RpcError:
            break
        told += 1
    timer.join()
    gateway.wait()
    assert told > 0
    assert told <= len(audit.lines(path)) <= told + 1
