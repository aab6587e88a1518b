"""What mutexd takes at a time: connections, calls, and how long connections live."""

from __future__ import annotations

import os
import resource
import socket
import stat

import grpc
import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

import fake_amplitude
from fake_amplitude import wait_until
from gateway import Gateway, metrics
from rpc_errors import failure_of

REQUEST = api.ListMutexGroupsRequest()
OWN_CONNECTION = {"grpc.use_local_subchannel_pool": 1}


def connect(gateway: Gateway) -> socket.socket:
    host, _, port = gateway.address.rpartition(":")
    return socket.create_connection((host, int(port)), 30)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has ended it; what it sends first are HTTP/2 settings."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def metric(gateway: Gateway, name: str) -> float:
    return metrics(gateway.http("/metrics").body)[name]


def test_connections_over_the_limit_are_closed_at_once(amplitude, start_gateway):
    gateway = start_gateway("--max-connections", "2")
    kept = [connect(gateway) for _ in range(2)]
    assert not any(is_closed(connection) for connection in kept)
    assert is_closed(connect(gateway))
    assert metric(gateway, "mutexd_connections_open") == 2
    assert metric(gateway, "mutexd_connections_accepted_total") == 2
    assert metric(gateway, "mutexd_connections_refused_total") == 1
    for connection in kept:
        connection.close()
    wait_until(lambda: metric(gateway, "mutexd_connections_open") == 0, "both have ended")
    gateway.stub().ListMutexGroups(REQUEST)


def test_accepting_goes_on_when_descriptors_are_free_again(amplitude, start_gateway):
    gateway = start_gateway()
    gateway.stub().ListMutexGroups(REQUEST)
    pid = gateway.popen.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
    connections = [connect(gateway) for _ in range(40)]
    gateway.wait_for_log(
        lambda entry: "no connections can be accepted" in entry["msg"], "that accepting pauses"
    )
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    gateway.wait_for_log(lambda entry: "accepted again" in entry["msg"], "that accepting goes on")
    assert not any(is_closed(connection) for connection in connections)
    fresh = gateway.channel(**OWN_CONNECTION)
    grpc.channel_ready_future(fresh).result(30)
    assert metric(gateway, "mutexd_accept_pauses_total") == 1


def test_calls_over_the_limit_are_told_to_come_back(amplitude, start_gateway):
    gateway = start_gateway("--max-calls", "1", "--upstream-timeout", "60s")
    group_id = amplitude.add_group()
    gate = fake_amplitude.Gate()
    amplitude.fault("get", gate)
    stub = gateway.stub()
    first = stub.GetMutexGroup.future(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    gate.wait_for_arrival()
    with pytest.raises(grpc.RpcError) as error:
        stub.ListMutexGroups(REQUEST)
    failed = failure_of(error.value)
    assert (failed.code.name, failed.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    gate.open()
    first.result()
    stub.ListMutexGroups(REQUEST)


def test_old_connections_end_and_no_call_fails(amplitude, start_gateway):
    gateway = start_gateway("--max-connection-age", "200ms", "--default-max-staleness", "10s")
    # As ordinary clients are: a call that the old connection did not take goes by the new one.
    with grpc.insecure_channel(gateway.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = service_grpc.MutexGroupServiceStub(channel)
        while metric(gateway, "mutexd_connections_accepted_total") < 4:
            stub.ListMutexGroups(REQUEST)


def test_the_mode_of_a_unix_socket_is_as_told(start_gateway, tmp_path):
    path = tmp_path / "mutexd.sock"
    gateway = start_gateway(
        "--listen", f"unix:{path}", "--unix-socket-mode", "0606", "--unix-socket-group", "0"
    )
    gateway.addresses()
    assert stat.S_IMODE(path.stat().st_mode) == 0o606
    assert path.stat().st_gid == 0
