"""The service's management key: changed under load, and seen nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from callers import Callers
from fake_amplitude import KEY, close_connection, html, key_of, reply, wait_until
from rpc_errors import failure

OLD = "ampex_old-key-0123456789abcdef"
NEW = "ampex_new-key-0123456789abcdef"


def replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def calls(stub, group_id: int) -> Iterator[Callable[[], object]]:
    """Reads and changes a group and creates others, again and again."""
    for turn in count(1):
        group = groups.MutexGroup(id=str(group_id), name=f"Name {turn}")
        new = groups.MutexGroup(
            project_id=5678,
            name="New",
            key=f"new-{group_id}-{turn}",
            slots=[groups.Slot(percentage=100)],
        )
        for call, request in (
            (stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=group.id)),
            (stub.UpdateMutexGroup, api.UpdateMutexGroupRequest(mutex_group=group)),
            (stub.CreateMutexGroup, api.CreateMutexGroupRequest(mutex_group=new)),
        ):
            yield partial(call, request, timeout=30)


def callers_of(gateway, amplitude) -> Callers:
    """Each has a group of its own."""
    stub = gateway.stub()
    return Callers([calls(stub, amplitude.add_group()) for _ in range(4)])


def start_with_key_file(amplitude, start_gateway, tmp_path, *flags):
    path = tmp_path / "key"
    path.write_text(OLD + "\n")
    amplitude.key = OLD
    quota = ("--quota-per-second", "100000", "--quota-per-day", "100000000")
    return path, start_gateway("--amplitude-key-file", str(path), *quota, *flags, key=None)


def test_a_key_is_rotated_without_a_failing_call(amplitude, start_gateway, tmp_path):
    path, gateway = start_with_key_file(amplitude, start_gateway, tmp_path)
    with callers_of(gateway, amplitude) as callers:
        callers.wait_for_answers(10)
        amplitude.further_keys = {NEW}
        replace(path, NEW + "\n")
        callers.wait_for_answers(10)
        amplitude.key = NEW  # the old one is revoked
        callers.wait_for_answers(10)
        wait_until(
            lambda: all(key_of(request) == NEW for request in amplitude.requests[-5:]),
            "the new key is used",
        )
    assert callers.failures == []


def test_an_old_key_revoked_at_once_fails_no_call(amplitude, start_gateway, tmp_path):
    path, gateway = start_with_key_file(amplitude, start_gateway, tmp_path)
    keys = [f"ampex_key-number-{number}-0123456789" for number in range(8)]
    with callers_of(gateway, amplitude) as callers:
        for key in keys:
            callers.wait_for_answers(5)
            with amplitude.lock:  # no request is judged between the two
                replace(path, key + "\n")
                amplitude.key = key
        callers.wait_for_answers(10)
    assert callers.failures == []
    rejected = [request for request in amplitude.requests if key_of(request) == OLD]
    assert rejected, "they began with the old key"


def test_a_key_that_stays_wrong_is_told(amplitude, start_gateway, tmp_path):
    _, gateway = start_with_key_file(amplitude, start_gateway, tmp_path)
    group_id = amplitude.add_group()
    amplitude.key = NEW
    failed = failure(
        gateway.stub().GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    )
    assert (failed.code.name, failed.reason) == ("FAILED_PRECONDITION", "AMPLITUDE_KEY_REJECTED")
    assert len(amplitude.requests) == 1, "without another key it is not asked again"


# -- where the key must not be


def session_with_faults(amplitude, gateway) -> str:
    """Calls in which much goes wrong; gives all that their errors say."""
    group_id = amplitude.add_group()
    stub = gateway.stub()
    key = amplitude.key
    told = []
    echo = {"error": f"bad Authorization: Bearer {key}", "headers": {"authorization": key}}
    faults = [
        reply(401, echo),
        reply(403, echo),
        reply(400, {"message": f"the key {key} cannot do this"}),
        reply(500, f"<html><body>Bearer {key}</body></html>"),
        reply(302, "", {"Location": f"https://example.org/?key={key}"}),
        reply(200, f'{{"key": "{key}"'),
        html(502),
        close_connection(),
    ]
    for fault in faults:
        for route in ("get", "list", "edit", "create"):
            amplitude.clear_faults()
            amplitude.always(route, fault)
            group = groups.MutexGroup(id=str(group_id), name=f"Name {len(told)}")
            new = groups.MutexGroup(project_id=5678, name="N", slots=[groups.Slot(percentage=100)])
            call, request = {
                "get": (stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=group.id)),
                "list": (stub.ListMutexGroups, api.ListMutexGroupsRequest()),
                "edit": (stub.UpdateMutexGroup, api.UpdateMutexGroupRequest(mutex_group=group)),
                "create": (stub.CreateMutexGroup, api.CreateMutexGroupRequest(mutex_group=new)),
            }[route]
            try:
                told.append(str(call(request, timeout=1)))
            except Exception as error:
                told.append(f"{error} {error.trailing_metadata()}")
    amplitude.clear_faults()
    assert len(amplitude.requests) > len(faults)
    return "\n".join(told)


def of_process(pid: int, name: str) -> str:
    """A file of a process; empty where only root may read it."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    except PermissionError:
        return ""


def everything(gateway, state: Path, told: str) -> dict[str, str]:
    seen = {
        "errors": told,
        "metrics": gateway.http("/metrics").body,
        "command line": of_process(gateway.popen.pid, "cmdline"),
        "environment": of_process(gateway.popen.pid, "environ"),
    }
    gateway.stop()
    seen |= {"stderr": gateway.stderr, "stdout": gateway.stdout}
    for path in state.iterdir():
        seen[str(path)] = path.read_bytes().decode(errors="replace")
    return seen


def test_a_key_of_the_environment_is_seen_nowhere(amplitude, start_gateway, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    gateway = start_gateway("--log-level", "debug", "--state-dir", str(state))
    assert gateway.address
    seen = everything(gateway, state, session_with_faults(amplitude, gateway))
    assert len(list(state.iterdir())) > 0
    for place, text in seen.items():
        assert KEY not in text, f"the key is in the {place}"


def test_a_key_of_a_file_is_seen_nowhere(amplitude, start_gateway, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    path, gateway = start_with_key_file(
        amplitude, start_gateway, tmp_path, "--log-level", "debug", "--state-dir", str(state)
    )
    assert gateway.address
    told = session_with_faults(amplitude, gateway)
    amplitude.key = NEW
    replace(path, NEW)
    told += session_with_faults(amplitude, gateway)
    replace(path, f"{NEW} and {OLD}\n")  # not a key
    gateway.wait_for_log(lambda entry: "cannot be used" in entry["msg"], "the warning")
    for place, text in everything(gateway, state, told).items():
        for key in (OLD, NEW):
            assert key not in text, f"a key is in the {place}"


def test_nobody_may_look_into_the_memory(start_gateway):
    gateway = start_gateway()
    assert gateway.address
    # What belongs to a process that is not dumpable belongs to root.
    assert os.stat(f"/proc/{gateway.popen.pid}/environ").st_uid == 0
    assert "AMPLITUDE_MANAGEMENT_KEY=ampex" not in of_process(gateway.popen.pid, "environ")
