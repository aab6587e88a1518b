"""The machine's own troubles: its clock jumps, names do not resolve, its disk is full."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from process import binary
from rpc_errors import expect

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
DAY = 24 * 3600
SPENT = ("RESOURCE_EXHAUSTED", "QUOTA_PER_DAY")
DOWN = ("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE")


def get(group_id) -> api.GetMutexGroupRequest:
    return api.GetMutexGroupRequest(mutex_group_id=str(group_id))


class Clock:
    """The wall clock of a process; its monotonic clock goes on."""

    def __init__(self, file: Path):
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.jump(0)

    def jump(self, seconds: float) -> None:
        """To so far from the true time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+.0f}")
        fresh.rename(self._file)


@pytest.fixture
def clock(tmp_path) -> Clock:
    if b"__asan_init" in binary("mutexd").read_bytes():
        pytest.skip("a sanitizer must be the first library, and so must what fakes the time")
    return Clock(tmp_path / "clock")


def test_calls_outlive_jumps_of_the_clock(amplitude, start_gateway, clock):
    gateway = start_gateway(environment=clock.environment)
    group_id = amplitude.add_group()
    stub = gateway.stub()
    for jump in (0, 2 * DAY, -2 * DAY, 400 * DAY, 1):
        clock.jump(jump)
        answer = stub.GetMutexGroup(get(group_id), timeout=30)
        assert abs(answer.read_time.ToSeconds() - (time.time() + jump)) < 60
        request = api.UpdateMutexGroupRequest()
        request.mutex_group.id = str(group_id)
        request.mutex_group.name = f"Renamed at {jump}"
        assert stub.UpdateMutexGroup(request, timeout=30).mutex_group.name == f"Renamed at {jump}"


def test_the_next_day_begins_when_the_clock_says_so(amplitude, start_gateway, clock):
    gateway = start_gateway("--quota-per-day", "10", environment=clock.environment)
    group_id = amplitude.add_group()
    stub = gateway.stub()
    for _ in range(9):  # a tenth is kept for writes
        stub.GetMutexGroup(get(group_id))
    expect(*SPENT, stub.GetMutexGroup, get(group_id))
    clock.jump(DAY)
    stub.GetMutexGroup(get(group_id))


def test_a_name_that_does_not_resolve_is_an_unavailable_amplitude(start_gateway):
    gateway = start_gateway("--amplitude-url", "https://amplitude.invalid")
    failed = expect(*DOWN, gateway.stub().GetMutexGroup, get(1))
    assert "http_status" not in failed.metadata
    assert gateway.http("/readyz").status == 200


def test_a_full_disk_costs_the_count_and_no_call(amplitude, start_gateway, tmp_path):
    gateway = start_gateway("--state-dir", str(tmp_path))
    group_id = amplitude.add_group()
    stub = gateway.stub()
    gateway.limit_file_size(0)
    stub.GetMutexGroup(get(group_id))
    gateway.wait_for_log(
        lambda line: line["level"] == "warning" and str(tmp_path) in str(line), "the warning"
    )
    assert stub.GetMutexGroup(get(group_id)).mutex_group.id == str(group_id)
    gateway.limit_file_size(resource.RLIM_INFINITY)
    assert gateway.stop() == 0
    state = json.loads((tmp_path / "quota.json").read_text())
    assert list(state["counts"].values()) == [2]
