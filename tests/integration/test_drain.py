"""SIGTERM: not ready, then draining, then an orderly end."""

from __future__ import annotations

import json
import signal
import urllib.error
from functools import partial
from itertools import repeat

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

import fake_amplitude
from callers import Callers
from fake_amplitude import Gate, wait_until
from rpc_errors import failure_of

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ROUND_ROBIN = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})


def get(group_id) -> api.GetMutexGroupRequest:
    return api.GetMutexGroupRequest(mutex_group_id=str(group_id))


def is_unready(gateway) -> bool:
    try:
        return gateway.http("/readyz").status == 503
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_with_0(gateway, sent):
    gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
    gateway.popen.send_signal(sent)
    assert gateway.wait() == 0


def test_a_call_under_way_is_finished_while_readiness_is_off(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate)
    call = gateway.stub().GetMutexGroup.future(get(group_id))
    gate.wait_for_arrival()
    gateway.terminate()
    wait_until(lambda: is_unready(gateway), "/readyz answers 503")
    assert gateway.http("/healthz").status == 200
    gate.open()
    assert call.result().mutex_group.id == str(group_id)
    assert gateway.wait() == 0


def test_health_watchers_learn_of_the_drain(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate)
    call = gateway.stub().GetMutexGroup.future(get(group_id))
    gate.wait_for_arrival()
    watch = health_pb2_grpc.HealthStub(gateway.channel()).Watch(
        health_pb2.HealthCheckRequest(), timeout=60
    )
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    gateway.terminate()
    assert next(watch).status == NOT_SERVING
    gate.open()
    call.result()
    assert gateway.wait() == 0


def test_a_new_call_while_draining_is_told_to_go_elsewhere(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    stub = gateway.stub()
    group_id = amplitude.add_group()
    gate = Gate()
    amplitude.fault("get", gate)
    held = stub.GetMutexGroup.future(get(group_id))
    gate.wait_for_arrival()
    gateway.terminate()
    wait_until(lambda: is_unready(gateway), "/readyz answers 503")
    before = len(amplitude.requests)
    with pytest.raises(grpc.RpcError) as error:
        stub.GetMutexGroup(get(group_id))
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    # A client that the server has already sent away gets its own library's error instead of ours.
    if "grpc-status-details-bin" in dict(error.value.trailing_metadata() or ()):
        assert failure_of(error.value).reason == "SHUTTING_DOWN"
    assert len(amplitude.requests) == before
    gate.open()
    assert held.result().mutex_group.id == str(group_id)
    assert gateway.wait() == 0


def callers_of(replicas, group_id, count: int = 8) -> Callers:
    """Each calls all replicas in turn, without retries."""
    target = "ipv4:" + ",".join(replica.address for replica in replicas)
    channels = [
        replicas[0].channel(target, **{"grpc.service_config": ROUND_ROBIN, "test.id": n})
        for n in range(count)
    ]
    stubs = map(service_grpc.MutexGroupServiceStub, channels)
    request = get(group_id)
    return Callers([repeat(partial(stub.GetMutexGroup, request, timeout=60)) for stub in stubs])


def test_no_call_fails_while_replicas_are_drained_one_by_one(amplitude, start_gateway):
    group_id = amplitude.add_group()
    unlimited = ("--quota-per-second", "100000", "--quota-per-day", "10000000")
    replicas = [start_gateway(*unlimited) for _ in range(3)]
    with callers_of(replicas, group_id) as callers:
        for replica in replicas[:-1]:
            callers.wait_for_answers(40)
            replica.terminate()
            assert replica.wait() == 0
        callers.wait_for_answers(40)
    assert not callers.failures
    for replica in replicas:
        assert any(entry.get("method") == "GetMutexGroup" for entry in replica.log), "no call came"


def test_a_call_that_outlasts_the_drain_is_ended(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s", "--drain-timeout", "300ms")
    group_id = amplitude.add_group()
    amplitude.fault("get", fake_amplitude.hang())
    call = gateway.stub().GetMutexGroup.future(get(group_id), timeout=60)
    amplitude.wait_for("get")
    gateway.terminate()
    assert call.exception().code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    assert gateway.wait() == 0


def test_a_write_that_outlasts_the_drain_is_unknown(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s", "--drain-timeout", "300ms")
    group_id = amplitude.add_group()
    amplitude.fault("edit", fake_amplitude.hang())
    request = api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=str(group_id), name="New")
    )
    call = gateway.stub().UpdateMutexGroup.future(request, timeout=60)
    amplitude.wait_for("edit")
    gateway.terminate()
    failed = failure_of(call.exception())
    assert (failed.code.name, failed.reason) == ("UNKNOWN", "WRITE_OUTCOME_UNKNOWN")
    assert gateway.wait() == 0


def test_open_watches_do_not_hold_up_the_end(gateway):
    watch = health_pb2_grpc.HealthStub(gateway.channel()).Watch(health_pb2.HealthCheckRequest())
    next(watch)
    gateway.terminate()
    assert gateway.wait() == 0


def test_a_second_signal_ends_at_once(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s", "--drain-timeout", "1h")
    group_id = amplitude.add_group()
    amplitude.fault("get", fake_amplitude.hang())
    call = gateway.stub().GetMutexGroup.future(get(group_id), timeout=120)
    amplitude.wait_for("get")
    gateway.terminate()
    wait_until(lambda: is_unready(gateway), "/readyz answers 503")
    gateway.terminate()
    assert gateway.wait() != 0
    assert call.exception() is not None
