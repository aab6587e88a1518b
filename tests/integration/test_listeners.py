"""Where mutexd listens: several places, sockets of the file system, and never a shared port."""

from __future__ import annotations

import socket

import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from gateway import Gateway
from process import Process

REQUEST = api.ListMutexGroupsRequest()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_several_listeners_serve_the_same(amplitude, start_gateway, tmp_path):
    path = tmp_path / "mutexd.sock"
    gateway = start_gateway("--listen", "127.0.0.1:0", "--listen", f"unix:{path}")
    addresses = gateway.addresses(2)
    assert f"unix:{path}" in addresses
    for address in addresses:
        gateway.stub(address).ListMutexGroups(REQUEST)
    assert gateway.stop() == 0
    assert not path.exists()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6(amplitude, start_gateway):
    gateway = start_gateway("--listen", "[::1]:0")
    (address,) = gateway.addresses()
    assert address.startswith("[::1]:")
    gateway.stub(address).ListMutexGroups(REQUEST)


def test_port_zero_is_reported_as_the_real_port(gateway):
    assert int(gateway.address.rpartition(":")[2]) > 0
    assert int(gateway.management.rpartition(":")[2]) > 0


def ends_with_an_error(gateway: Process, *words: str) -> None:
    assert gateway.wait() not in (0, None)
    assert gateway.popen.returncode > 0, "killed by a signal"
    for word in words:
        assert word in gateway.stderr


def test_a_port_in_use_is_an_error(start_gateway):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ends_with_an_error(start_gateway("--listen", address), address)
        ends_with_an_error(start_gateway("--management", address), address)


def test_a_port_is_never_shared_with_another_mutexd(start_gateway):
    first = start_gateway()
    second = start_gateway("--listen", first.address)
    ends_with_an_error(second, first.address)
    first.stub().ListMutexGroups(REQUEST)


def test_one_listener_that_cannot_be_had_is_an_error_though_others_can(start_gateway):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ends_with_an_error(start_gateway("--listen", "127.0.0.1:0", "--listen", address), address)


def test_a_live_unix_socket_is_not_taken_over(amplitude, start_gateway, tmp_path):
    listener = f"unix:{tmp_path / 'mutexd.sock'}"
    first = start_gateway("--listen", listener)
    assert first.addresses() == [listener]
    ends_with_an_error(start_gateway("--listen", listener), "mutexd.sock")
    first.stub(listener).ListMutexGroups(REQUEST)


def test_a_unix_socket_left_behind_is_replaced(amplitude, start_gateway, tmp_path):
    path = tmp_path / "mutexd.sock"
    first: Gateway = start_gateway("--listen", f"unix:{path}")
    first.addresses()
    first.popen.kill()
    first.wait()
    second = start_gateway("--listen", f"unix:{path}")
    second.stub(second.address).ListMutexGroups(REQUEST)


def test_management_can_be_off(start_gateway):
    gateway = start_gateway("--management", "off")
    gateway.stub().ListMutexGroups(REQUEST)
    assert [entry for entry in gateway.log if entry.get("listener") == "management"] == []
