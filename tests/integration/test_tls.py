"""TLS on listeners: who is let in, what callers are called, and certificates that change."""

from __future__ import annotations

import signal
import socket
import ssl
from itertools import repeat

import grpc
import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

from callers import Callers
from certificates import Authority, Pair, install
from fake_amplitude import wait_until
from gateway import CHANNEL_OPTIONS, Gateway, metrics

REQUEST = api.ListMutexGroupsRequest()
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


class Files:
    """The files that a gateway is told to use."""

    def __init__(self, folder, authority: Authority):
        self.authority = authority
        self.certificate, self.key = folder / "tls.pem", folder / "tls.key"
        self.install("first")

    def install(self, name: str, days: int = 2) -> Pair:
        pair = self.authority.issue(name, "IP:127.0.0.1,DNS:localhost", days)
        install(pair, self.certificate, self.key)
        return pair

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--tls-cert", str(self.certificate), "--tls-key", str(self.key))


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path, Authority(tmp_path))


def secure_stub(gateway: Gateway, files: Files, client: Pair | None = None):
    credentials = grpc.ssl_channel_credentials(
        files.authority.certificate.read_bytes(),
        client and client.key.read_bytes(),
        client and client.certificate.read_bytes(),
    )
    channel = grpc.secure_channel(
        gateway.address, credentials, options=[*CHANNEL_OPTIONS, *OWN_CONNECTION]
    )
    gateway._channels.append(channel)
    return service_grpc.MutexGroupServiceStub(channel)


def certificate_shown(gateway: Gateway) -> str:
    """The certificate in PEM, from a new handshake."""
    host, _, port = gateway.address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    raw = socket.create_connection((host, int(port)), 30)
    with context.wrap_socket(raw) as tls:
        assert tls.selected_alpn_protocol() == "h2"
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True)).strip()


def rpc_line(gateway: Gateway) -> dict:
    return gateway.wait_for_log(lambda entry: entry.get("msg") == "rpc", "an RPC")


def test_callers_over_tls_are_served(amplitude, start_gateway, files):
    gateway = start_gateway(*files.flags)
    secure_stub(gateway, files).ListMutexGroups(REQUEST)
    assert rpc_line(gateway)["peer"].startswith("ipv4:127.0.0.1:")
    assert "caller" not in rpc_line(gateway)


def test_plaintext_is_refused_where_tls_is_served(amplitude, start_gateway, files):
    gateway = start_gateway(*files.flags)
    with pytest.raises(grpc.RpcError) as error:
        gateway.stub().ListMutexGroups(REQUEST)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_unix_sockets_stay_without_tls_and_name_their_callers(
    amplitude, start_gateway, files, tmp_path
):
    first, second = f"unix:{tmp_path / 'a.sock'}", f"unix:{tmp_path / 'b.sock'}"
    identities = ("--unix-identity", "local", "--unix-identity", f"{tmp_path / 'b.sock'}=checkout")
    gateway = start_gateway(*files.flags, "--listen", first, "--listen", second, *identities)
    gateway.addresses(2)
    gateway.stub(first).ListMutexGroups(REQUEST)
    gateway.stub(second).ListMutexGroups(REQUEST)
    wait_until(lambda: len(callers(gateway)) == 2, "two RPCs are in the log")
    assert callers(gateway) == [(first, "local"), (second, "checkout")]


def callers(gateway: Gateway) -> list[tuple[str, str]]:
    return [(line["peer"], line["caller"]) for line in gateway.log if line.get("msg") == "rpc"]


@pytest.mark.parametrize(
    ("names", "subject", "caller"),
    [
        ("URI:spiffe://example.com/checkout,DNS:a.example", "", "spiffe://example.com/checkout"),
        ("DNS:checkout.example,DNS:other.example", "", "checkout.example"),
        ("URI:https://example.com/a,DNS:checkout.example", "", "checkout.example"),
        ("", "/O=Example/CN=Checkout", "Checkout"),
        ("", "/O=Example", "O=Example"),
    ],
)
def test_a_client_certificate_names_the_caller(
    amplitude, start_gateway, files, names, subject, caller
):
    gateway = start_gateway(*files.flags, "--tls-client-ca", str(files.authority.certificate))
    client = files.authority.issue("client", names, subject=subject)
    secure_stub(gateway, files, client).ListMutexGroups(REQUEST)
    assert rpc_line(gateway)["caller"] == caller


def test_callers_without_a_certificate_of_the_authority_are_refused(
    amplitude, start_gateway, files, tmp_path
):
    gateway = start_gateway(*files.flags, "--tls-client-ca", str(files.authority.certificate))
    stranger = Authority(tmp_path, "stranger").issue("stranger-client", "DNS:checkout.example")
    expired = files.authority.issue("expired-client", "DNS:checkout.example", days=-1)
    for client in (None, stranger, expired):
        with pytest.raises(grpc.RpcError) as error:
            secure_stub(gateway, files, client).ListMutexGroups(REQUEST)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert not amplitude.requests
    fine = files.authority.issue("client", "DNS:checkout.example")
    secure_stub(gateway, files, fine).ListMutexGroups(REQUEST)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_tls_is_1_2_at_least(start_gateway, files, version):
    gateway = start_gateway(*files.flags)
    host, _, port = gateway.address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((host, int(port)), 30) as raw:
        if version == ssl.TLSVersion.TLSv1_2:
            context.wrap_socket(raw).close()
            return
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(raw)


def test_certificates_change_under_load_without_a_failed_call(amplitude, start_gateway, files):
    gateway = start_gateway(*files.flags, "--default-max-staleness", "10s")
    kept = secure_stub(gateway, files)
    kept.ListMutexGroups(REQUEST)
    keeps_connection = repeat(lambda: kept.ListMutexGroups(REQUEST))
    connects_anew = repeat(lambda: secure_stub(gateway, files).ListMutexGroups(REQUEST))
    with Callers([keeps_connection, connects_anew]) as callers:
        for round_number in range(5):
            new = files.install(f"round-{round_number}")
            gateway.popen.send_signal(signal.SIGHUP)
            wanted = new.certificate.read_text().strip()
            wait_until(lambda: certificate_shown(gateway) == wanted, "the new one is shown")  # noqa: B023
            callers.wait_for_answers(4)
    assert not callers.failures
    taken = metrics(gateway.http("/metrics").body)['mutexd_tls_reloads_total{result="taken"}']
    assert taken == 5


def test_a_new_certificate_is_found_without_a_signal(start_gateway, files):
    gateway = start_gateway(*files.flags)
    before = certificate_shown(gateway)
    files.install("second")
    wait_until(lambda: certificate_shown(gateway) != before, "the new one is shown")


@pytest.mark.parametrize("broken", ["empty", "gone", "half", "another key", "expired"])
def test_a_broken_new_certificate_leaves_the_old_one(start_gateway, files, broken):
    gateway = start_gateway(*files.flags)
    before = certificate_shown(gateway)
    if broken == "empty":
        files.certificate.write_bytes(b"")
    elif broken == "gone":
        files.certificate.unlink()
    elif broken == "half":
        files.certificate.write_bytes(files.certificate.read_bytes()[:200])
    elif broken == "another key":
        files.key.write_bytes(files.authority.issue("other", "DNS:a").key.read_bytes())
    else:
        files.install("late", days=-1)
    gateway.popen.send_signal(signal.SIGHUP)
    warning = gateway.wait_for_log(lambda entry: entry.get("level") == "warning", "a warning")
    assert "the former certificate stays in force" in warning["msg"]
    assert str(files.key if broken == "another key" else files.certificate) in warning["error"]
    assert certificate_shown(gateway) == before
    good = files.install("good").certificate.read_text().strip()
    gateway.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: certificate_shown(gateway) == good, "the mended one is shown")


def test_a_client_authority_changes_too(amplitude, start_gateway, files, tmp_path):
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(files.authority.certificate.read_bytes())
    gateway = start_gateway(*files.flags, "--tls-client-ca", str(trusted))
    newcomer = Authority(tmp_path, "new").issue("newcomer", "DNS:new.example")
    with pytest.raises(grpc.RpcError):
        secure_stub(gateway, files, newcomer).ListMutexGroups(REQUEST)
    trusted.write_bytes((tmp_path / "new.pem").read_bytes())
    gateway.popen.send_signal(signal.SIGHUP)

    def is_let_in() -> bool:
        try:
            secure_stub(gateway, files, newcomer).ListMutexGroups(REQUEST)
            return True
        except grpc.RpcError:
            return False

    wait_until(is_let_in, "callers of the new authority are let in")


def test_a_broken_certificate_at_the_start_is_fatal(start_gateway, files):
    files.certificate.write_text("hello")
    gateway = start_gateway(*files.flags)
    assert gateway.wait() == 2
    assert f'tls-cert = "{files.certificate}"' in gateway.stderr
    assert "give a PEM file" in gateway.stderr


def test_other_machines_are_not_served_in_plaintext_unless_that_is_meant(amplitude, start_gateway):
    refused = start_gateway("--listen", "0.0.0.0:0")
    assert refused.wait() == 2
    assert "--allow-plaintext" in refused.stderr
    served = start_gateway("--listen", "0.0.0.0:0", "--allow-plaintext")
    served.stub(served.address.replace("0.0.0.0", "127.0.0.1")).ListMutexGroups(REQUEST)
    served.wait_for_log(
        lambda entry: "neither encrypted nor authenticated" in entry.get("msg", ""), "a warning"
    )
