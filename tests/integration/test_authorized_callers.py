"""Callers by their certificates and sockets, under a policy."""

from __future__ import annotations

import grpc
import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

from certificates import Authority, Pair, install
from fake_amplitude import key_of
from gateway import CHANNEL_OPTIONS
from rpc_errors import expect

POLICY = """
[[rule]]
name = "shops read"
principals = ["spiffe://example.org/shop/*", "dns:*.shop.example.org", "subject:Shop"]
allow = ["read"]

[[rule]]
name = "checkout writes"
principals = ["spiffe://example.org/shop/checkout"]
allow = ["write"]
group_keys = ["checkout-*"]

[[rule]]
name = "this machine archives"
principals = ["listener:local"]
allow = ["ArchiveMutexGroup"]
"""
DENIED = ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED")
CHECKOUT = "spiffe://example.org/shop/checkout"


class Setting:
    """A gateway with mutual TLS, a unix socket and a policy."""

    def __init__(self, start_gateway, folder):
        self.authority = Authority(folder)
        certificate, key = folder / "tls.pem", folder / "tls.key"
        install(self.authority.issue("server", "IP:127.0.0.1"), certificate, key)
        policy = folder / "policy.toml"
        policy.write_text(POLICY)
        self.socket = f"unix:{folder}/m.sock"
        self.gateway = start_gateway(
            *("--tls-cert", str(certificate), "--tls-key", str(key)),
            *("--tls-client-ca", str(self.authority.certificate)),
            *("--listen", "127.0.0.1:0", "--listen", self.socket, "--unix-identity", "local"),
            *("--authz-policy", str(policy)),
        )
        self._issued = 0

    def caller(self, names: str = "", subject: str = ""):
        """A stub of a caller with a certificate for these names."""
        self._issued += 1
        client = self.authority.issue(f"client{self._issued}", names, subject=subject)
        return self.stub(client)

    def stub(self, client: Pair):
        credentials = grpc.ssl_channel_credentials(
            self.authority.certificate.read_bytes(),
            client.key.read_bytes(),
            client.certificate.read_bytes(),
        )
        options = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.secure_channel(self.gateway.addresses(2)[0], credentials, options=options)
        self.gateway._channels.append(channel)
        return service_grpc.MutexGroupServiceStub(channel)


@pytest.fixture
def setting(start_gateway, tmp_path) -> Setting:
    return Setting(start_gateway, tmp_path)


def read(stub, group_id: int):
    return stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))


def rename(group_id: int) -> api.UpdateMutexGroupRequest:
    return api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=str(group_id), name="New"))


def test_certificates_name_callers(amplitude, setting):
    own, other = amplitude.add_group(key="checkout-eu"), amplitude.add_group(key="search")
    web = setting.caller("URI:spiffe://example.org/shop/web,DNS:anything.example")
    checkout = setting.caller(f"URI:{CHECKOUT}")
    assert read(web, own).mutex_group.key == "checkout-eu"
    failed = expect(*DENIED, web.UpdateMutexGroup, rename(own))
    assert failed.message == (
        "caller 'spiffe://example.org/shop/web' may not UpdateMutexGroup: no rule gives it write"
    )
    assert checkout.UpdateMutexGroup(rename(own)).mutex_group.name == "New"
    expect(*DENIED, checkout.UpdateMutexGroup, rename(other))
    assert len(amplitude.writes) == 1


@pytest.mark.parametrize(
    ("names", "subject", "allowed"),
    [
        ("DNS:other.example.org,DNS:Web.Shop.example.org", "", True),
        ("DNS:web.shop.example.org.evil.example", "", False),
        ("", "/CN=Shop", True),
        ("", "/CN=shop", False),
        ("DNS:Shop", "/CN=other", False),
        ("DNS:local", "/CN=local", False),
        ("URI:spiffe://example.com/shop/web", "", False),
    ],
)
def test_a_name_counts_as_what_it_is(amplitude, setting, names, subject, allowed):
    group_id = amplitude.add_group()
    stub = setting.caller(names, subject)
    if allowed:
        assert read(stub, group_id).mutex_group.id == str(group_id)
    else:
        request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
        expect(*DENIED, stub.GetMutexGroup, request)
    archive = api.ArchiveMutexGroupRequest(mutex_group_id=str(group_id))
    expect(*DENIED, stub.ArchiveMutexGroup, archive)


def test_a_socket_names_its_callers(amplitude, setting):
    group_id = amplitude.add_group()
    assert setting.gateway.addresses(2)[1] == setting.socket
    stub = setting.gateway.stub(setting.socket)
    archive = api.ArchiveMutexGroupRequest(mutex_group_id=str(group_id))
    assert stub.ArchiveMutexGroup(archive).mutex_group.state == groups.MutexGroup.STATE_ARCHIVED
    failed = expect(
        *DENIED, stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    )
    assert "caller 'local' may not GetMutexGroup: no rule gives it read" in failed.message


def test_keys_of_callers_are_taken_over_tls(amplitude, start_gateway, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    install(authority.issue("server", "IP:127.0.0.1"), certificate, key)
    gateway = start_gateway(
        *("--tls-cert", str(certificate), "--tls-key", str(key), "--listen", "0.0.0.0:0"),
        *("--credentials", "caller"),
        key=None,
    )
    port = gateway.address.rpartition(":")[2]
    credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
    options = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
        stub = service_grpc.MutexGroupServiceStub(channel)
        metadata = (("x-amplitude-management-key", amplitude.key),)
        stub.ListMutexGroups(api.ListMutexGroupsRequest(), metadata=metadata)
    assert [key_of(request) for request in amplitude.requests] == [amplitude.key]
