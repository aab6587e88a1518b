"""--channelz: gRPC's own view, on an address of its own."""

from __future__ import annotations

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from mutexgroups.v1 import mutex_group_service_pb2 as api


def channelz_address(gateway) -> str:
    entry = gateway.wait_for_log(
        lambda line: line.get("listener") == "channelz", "the channelz listener"
    )
    return entry["address"]


def servers(stub) -> list[channelz_pb2.Server]:
    return list(stub.GetServers(channelz_pb2.GetServersRequest(), timeout=30).server)


def sockets_of(stub, server) -> list[channelz_pb2.Socket]:
    request = channelz_pb2.GetServerSocketsRequest(server_id=server.ref.server_id)
    refs = stub.GetServerSockets(request, timeout=30).socket_ref
    return [
        stub.GetSocket(channelz_pb2.GetSocketRequest(socket_id=ref.socket_id)).socket
        for ref in refs
    ]


@pytest.mark.parametrize("unix", [False, True], ids=["loopback", "unix"])
def test_it_shows_the_calls_and_connections_of_the_listeners(
    amplitude, start_gateway, tmp_path, unix
):
    where = f"unix:{tmp_path}/channelz.sock" if unix else "127.0.0.1:0"
    gateway = start_gateway("--channelz", where)
    group_id = amplitude.add_group()
    for _ in range(3):
        gateway.stub().GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    stub = channelz_pb2_grpc.ChannelzStub(gateway.channel(channelz_address(gateway)))
    [server] = servers(stub)
    assert server.data.calls_started == server.data.calls_succeeded == 3
    streams = [socket.data.streams_succeeded for socket in sockets_of(stub, server)]
    assert sum(streams) == 3
    again = stub.GetServer(channelz_pb2.GetServerRequest(server_id=server.ref.server_id)).server
    assert again.ref == server.ref


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetServer", channelz_pb2.GetServerRequest(server_id=99999)),
        ("GetServerSockets", channelz_pb2.GetServerSocketsRequest(server_id=99999)),
        ("GetSocket", channelz_pb2.GetSocketRequest(socket_id=99999)),
        ("GetChannel", channelz_pb2.GetChannelRequest(channel_id=99999)),
        ("GetSubchannel", channelz_pb2.GetSubchannelRequest(subchannel_id=99999)),
    ],
)
def test_what_is_not_there_is_not_found(start_gateway, method, request_):
    gateway = start_gateway("--channelz", "127.0.0.1:0")
    stub = channelz_pb2_grpc.ChannelzStub(gateway.channel(channelz_address(gateway)))
    with pytest.raises(grpc.RpcError) as error:
        getattr(stub, method)(request_, timeout=30)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    assert "99999" in error.value.details()


def test_a_process_without_clients_has_no_channels(start_gateway):
    gateway = start_gateway("--channelz", "127.0.0.1:0")
    stub = channelz_pb2_grpc.ChannelzStub(gateway.channel(channelz_address(gateway)))
    assert not stub.GetTopChannels(channelz_pb2.GetTopChannelsRequest(), timeout=30).channel


def test_callers_are_not_offered_it(start_gateway):
    gateway = start_gateway("--channelz", "127.0.0.1:0")
    stub = channelz_pb2_grpc.ChannelzStub(gateway.channel())
    with pytest.raises(grpc.RpcError) as error:
        stub.GetServers(channelz_pb2.GetServersRequest(), timeout=30)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_its_address_offers_nothing_else_but_reflection(start_gateway):
    gateway = start_gateway("--channelz", "127.0.0.1:0")
    channel = gateway.channel(channelz_address(gateway))
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
    names = {service.name for service in answer.list_services_response.service}
    assert {name for name in names if "reflection" not in name} == {"grpc.channelz.v1.Channelz"}


def test_other_machines_are_refused(start_gateway):
    gateway = start_gateway("--channelz", "0.0.0.0:0")
    assert gateway.wait() != 0
    assert "--channelz" in gateway.stderr
    assert "127.0.0.1:50052" in gateway.stderr
