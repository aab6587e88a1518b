"""The quota of requests to Amplitude: of the second, of the day, and across restarts."""

from __future__ import annotations

import json
import signal
import time

import grpc
import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

import fake_amplitude
from fake_amplitude import wait_until
from rpc_errors import expect, failure_of

DAY_SECONDS = 24 * 60 * 60


def get(group_id) -> api.GetMutexGroupRequest:
    return api.GetMutexGroupRequest(mutex_group_id=str(group_id))


def rename(group_id, name: str) -> api.UpdateMutexGroupRequest:
    return api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=str(group_id), name=name))


def read_times(stub, group_id, count: int) -> None:
    for _ in range(count):
        stub.GetMutexGroup(get(group_id))


def count_in(folder) -> int | None:
    """The count in the state directory; None before the first."""
    try:
        state = json.loads((folder / "quota.json").read_text())
    except FileNotFoundError:
        return None
    assert state["version"] == 1
    assert len(state["counts"]) <= 1
    return next(iter(state["counts"].values()), 0)


def seconds_to_midnight() -> float:
    return DAY_SECONDS - time.time() % DAY_SECONDS


def expect_spent_day(call, *arguments):
    """A refusal that points to 00:00 UTC, and is not for clients to retry."""
    refused = expect("RESOURCE_EXHAUSTED", "QUOTA_PER_DAY", call, *arguments)
    assert abs(refused.retry_seconds - seconds_to_midnight()) < 60
    assert refused.pushback == -1
    return refused


# -- the second


def test_what_finds_no_place_in_time_is_refused_and_told_when_to_come_back(
    amplitude, start_gateway
):
    group_id = amplitude.add_group()
    stub = start_gateway("--quota-per-second", "2").stub()
    read_times(stub, group_id, 2)
    refused = expect(
        "RESOURCE_EXHAUSTED", "QUOTA_PER_SECOND", stub.GetMutexGroup, get(group_id), timeout=0.3
    )
    assert 0 < refused.retry_seconds <= 1
    # More than what is left of the call, so that the client's library does not try it again itself.
    assert refused.pushback == -1
    assert len(amplitude.requests) == 2


def test_a_wait_that_fits_into_the_call_is_what_clients_are_told(amplitude, start_gateway):
    # Of different groups: equal reads would share one request.
    group_id, other_id = amplitude.add_group(), amplitude.add_group()
    stub = start_gateway("--quota-per-second", "1").stub()
    amplitude.fault("get", fake_amplitude.hang())
    hanging = stub.GetMutexGroup.future(get(other_id), timeout=30)
    amplitude.wait_for("get")
    # Its turn comes after 2 s at the latest, up to the next millisecond; the work of a call of
    # 2.1 s ends 0.2 s before that.
    refused = expect(
        "RESOURCE_EXHAUSTED", "QUOTA_PER_SECOND", stub.GetMutexGroup, get(group_id), timeout=2.1
    )
    assert 1.9 < refused.retry_seconds <= 2.001
    assert 1900 < refused.pushback <= 2001
    hanging.cancel()


def test_what_has_time_waits_and_no_second_has_too_many(amplitude, start_gateway):
    group_ids = [amplitude.add_group() for _ in range(13)]
    gateway = start_gateway("--quota-per-second", "5")
    stub = gateway.stub()
    arrivals = []
    note = fake_amplitude.before_model(lambda: arrivals.append(time.monotonic()))
    amplitude.fault("get", note, times=13)
    calls = [stub.GetMutexGroup.future(get(group_id), timeout=20) for group_id in group_ids]
    for call, group_id in zip(calls, group_ids, strict=True):
        assert call.result().mutex_group.id == str(group_id)
    arrivals.sort()
    assert len(arrivals) == 13
    for early, late in zip(arrivals[:-5], arrivals[5:], strict=True):
        assert late - early >= 0.99, arrivals


def test_a_busy_connection_does_not_hold_up_another(amplitude, start_gateway):
    group_id, *busy_ids = [amplitude.add_group() for _ in range(17)]
    gateway = start_gateway("--quota-per-second", "2")
    busy = gateway.stub()
    busy_calls = [busy.GetMutexGroup.future(get(busy_id), timeout=30) for busy_id in busy_ids]
    wait_until(lambda: len(amplitude.requests) == 2, "the busy connection's first requests")
    # A channel that does not share the connection of the other.
    channel = gateway.channel(**{"grpc.use_local_subchannel_pool": 1})
    start = time.monotonic()
    service_grpc.MutexGroupServiceStub(channel).GetMutexGroup(get(group_id), timeout=30)
    assert time.monotonic() - start < 4, "the busy connection's calls take seven seconds"
    for call in busy_calls:
        call.cancel()


# -- the day


def test_reads_leave_the_reserve_to_writes(amplitude, start_gateway):
    group_id = amplitude.add_group()
    stub = start_gateway("--quota-per-day", "10", "--quota-write-reserve", "0.4").stub()
    read_times(stub, group_id, 6)
    refused = expect_spent_day(stub.GetMutexGroup, get(group_id))
    assert "4 left" in refused.message
    assert "kept for writes" in refused.message
    assert len(amplitude.requests) == 6
    assert stub.UpdateMutexGroup(rename(group_id, "New")).mutex_group.name == "New"
    assert len(amplitude.requests) == 9
    refused = expect_spent_day(stub.UpdateMutexGroup, rename(group_id, "Newer"))
    assert "1 left" in refused.message
    assert "takes 3" in refused.message
    assert len(amplitude.requests) == 9, "nothing is sent of what could not be finished"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_count_of_the_day_survives(amplitude, start_gateway, tmp_path, end):
    group_id = amplitude.add_group()
    flags = ("--quota-per-day", "7", "--quota-write-reserve", "0", "--state-dir", str(tmp_path))
    gateway = start_gateway(*flags)
    read_times(gateway.stub(), group_id, 5)
    if end == signal.SIGKILL:
        wait_until(lambda: count_in(tmp_path) == 5, "the count is on the disk")
    gateway.popen.send_signal(end)
    gateway.wait()
    assert count_in(tmp_path) == 5

    stub = start_gateway(*flags).stub()
    read_times(stub, group_id, 2)
    expect_spent_day(stub.GetMutexGroup, get(group_id))


def test_the_key_is_not_on_the_disk(amplitude, start_gateway, tmp_path):
    gateway = start_gateway("--state-dir", str(tmp_path))
    gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    assert gateway.stop() == 0
    for file in tmp_path.iterdir():
        assert fake_amplitude.KEY not in file.read_text()
        assert file.stat().st_mode & 0o077 == 0


def test_a_broken_file_is_moved_aside(start_gateway, tmp_path):
    (tmp_path / "quota.json").write_text('{"version": 1, "da')
    gateway = start_gateway("--state-dir", str(tmp_path))
    gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    warning = gateway.wait_for_log(lambda entry: "is broken" in entry.get("msg", ""), "the warning")
    assert warning["level"] == "warning"
    assert (tmp_path / "quota.json.broken").read_text() == '{"version": 1, "da'


def test_two_processes_do_not_share_a_directory(start_gateway, tmp_path):
    first = start_gateway("--state-dir", str(tmp_path))
    assert first.address
    second = start_gateway("--state-dir", str(tmp_path))
    assert second.wait() == 1
    assert f"{tmp_path}: another mutexd uses it" in second.stderr


def test_a_directory_that_does_not_exist_is_an_error_at_the_start(start_gateway, tmp_path):
    gateway = start_gateway("--state-dir", str(tmp_path / "none"))
    assert gateway.wait() == 1
    assert f"{tmp_path / 'none'}: it does not exist; create it" in gateway.stderr


# -- Amplitude's own limits


def test_after_a_429_nothing_is_sent_before_the_time_that_it_asks_for(amplitude, start_gateway):
    group_id = amplitude.add_group()
    stub = start_gateway().stub()
    amplitude.fault("get", fake_amplitude.reply(429, headers={"Retry-After": "2"}))
    with pytest.raises(grpc.RpcError) as error:
        stub.GetMutexGroup(get(group_id), timeout=1.5)
    limited = time.monotonic()
    assert failure_of(error.value).reason == "AMPLITUDE_RATE_LIMITED"
    refused = expect(
        "RESOURCE_EXHAUSTED",
        "AMPLITUDE_RATE_LIMITED",
        stub.GetMutexGroup,
        get(group_id),
        timeout=1,
    )
    assert 1 < refused.retry_seconds <= 2
    assert len(amplitude.requests) == 1, "the second was not sent"
    stub.GetMutexGroup(get(group_id), timeout=20)
    assert time.monotonic() - limited > 1.9


def test_a_429_of_hours_means_that_the_day_is_spent(amplitude, start_gateway, tmp_path):
    group_id = amplitude.add_group()
    flags = ("--state-dir", str(tmp_path), "--quota-per-day", "50")
    gateway = start_gateway(*flags)
    stub = gateway.stub()
    amplitude.fault("get", fake_amplitude.reply(429, headers={"Retry-After": "7200"}))
    with pytest.raises(grpc.RpcError):
        stub.GetMutexGroup(get(group_id))
    expect_spent_day(stub.GetMutexGroup, get(group_id))
    expect_spent_day(stub.UpdateMutexGroup, rename(group_id, "New"))
    assert len(amplitude.requests) == 1
    assert gateway.stop() == 0
    assert count_in(tmp_path) == 50
