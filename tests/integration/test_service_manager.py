"""What a service manager such as systemd is told: ready, alive, stopping, and why not."""

from __future__ import annotations

import signal
import time

import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import Gate
from gateway import Gateway
from notify_socket import NotifySocket, hanging_thread

WATCHDOG_SECONDS = 0.2


@pytest.fixture(params=["path", "abstract"])
def address(request, tmp_path) -> str:
    path = str(tmp_path / "notify")
    return path if request.param == "path" else f"@{path}"


@pytest.fixture
def manager(address):
    with NotifySocket(address) as socket:
        yield socket


@pytest.fixture
def watched(tmp_path, start_gateway):
    """A manager that waits for signs of life, and a gateway that knows."""
    with NotifySocket(str(tmp_path / "notify")) as socket:
        environment = {
            "NOTIFY_SOCKET": socket.address,
            "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6)),
        }
        yield socket, start_gateway(environment=environment)


def test_it_is_told_when_calls_are_taken_and_when_the_end_begins(manager, start_gateway):
    gateway = start_gateway("--drain-timeout", "7s", environment={"NOTIFY_SOCKET": manager.address})
    ready = manager.next()
    assert ready["READY"] == "1"
    assert ready["STATUS"] == f"serving on {gateway.address}"
    gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    gateway.terminate()
    stopping = manager.next()
    assert stopping["STOPPING"] == "1"
    # systemd must not kill what drains, whatever its unit says.
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 7_000_000
    assert gateway.wait() == 0


def test_it_is_told_when_a_reload_begins_and_when_it_is_over(manager, start_gateway):
    gateway = start_gateway(environment={"NOTIFY_SOCKET": manager.address})
    ready = manager.next()
    before = time.monotonic()
    gateway.popen.send_signal(signal.SIGHUP)
    reloading = manager.next()
    assert reloading["RELOADING"] == "1"
    # By this systemd tells an answer to its own signal from an earlier one.
    assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 <= time.monotonic()
    assert manager.next() == ready


def test_it_is_told_why_the_start_failed(manager, gateway):
    taken = gateway.address
    other = Gateway(
        "--sandbox", "--listen", taken, environment={"NOTIFY_SOCKET": manager.address}, key=None
    )
    assert other.wait() == 1
    message = manager.next()
    assert "READY" not in message
    assert taken in message["STATUS"]


def test_signs_of_life_come_while_the_event_loop_answers(watched):
    manager, gateway = watched
    for _ in range(3):
        manager.next_with("WATCHDOG")
    with hanging_thread(gateway.popen.pid, "event-loop"):
        assert gateway.http("/healthz").status == 200, "the rest of the process lives"
        manager.forget()
        with pytest.raises(TimeoutError):
            manager.next(patience=5 * WATCHDOG_SECONDS)
    manager.next_with("WATCHDOG")


def test_signs_of_life_come_while_draining(amplitude, start_gateway, tmp_path):
    with NotifySocket(str(tmp_path / "notify")) as manager:
        gateway = start_gateway(
            *("--upstream-timeout", "60s"),
            environment={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"},
        )
        group_id = amplitude.add_group()
        gate = Gate()
        amplitude.fault("get", gate)
        request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
        call = gateway.stub().GetMutexGroup.future(request)
        gate.wait_for_arrival()
        gateway.terminate()
        manager.next_with("STOPPING")
        manager.next_with("WATCHDOG")
        gate.open()
        assert call.result().mutex_group.id == str(group_id)
        assert gateway.wait() == 0


def test_variables_meant_for_another_process_are_passed_over(tmp_path, start_gateway):
    with NotifySocket(str(tmp_path / "notify")) as manager:
        gateway = start_gateway(
            environment={
                "NOTIFY_SOCKET": manager.address,
                "WATCHDOG_USEC": "20000",
                "WATCHDOG_PID": "1",
            }
        )
        manager.next_with("READY")
        with pytest.raises(TimeoutError):
            manager.next(patience=0.2)
        gateway.terminate()
        assert "STOPPING" in manager.next()
        assert gateway.wait() == 0


def test_a_manager_that_is_gone_is_a_warning_and_calls_are_served(tmp_path, start_gateway):
    gateway = start_gateway(environment={"NOTIFY_SOCKET": str(tmp_path / "gone")})
    gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    entry = gateway.wait_for_log(lambda entry: "NOTIFY_SOCKET" in entry, "the manager's absence")
    assert entry["level"] == "warning"
