"""mutexctl over TLS and mutual TLS, and with the caller's own management key."""

from __future__ import annotations

import pytest

from certificates import Authority
from fake_amplitude import key_of
from gateway import Gateway
from process import binary, run

KEY = "ampex_ada-0123456789abcdef"


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secure_gateway(start_gateway, authority) -> Gateway:
    """Asks callers for certificates; its own is of another name than its address."""
    pair = authority.issue("server", "DNS:mutexd.example")
    files = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
    return start_gateway(*files, "--tls-client-ca", str(authority.certificate))


def mutexctl(gateway: Gateway, *arguments: str, **options):
    return run([binary("mutexctl"), "--server", gateway.address, *arguments, "list"], **options)


def test_lists_over_mutual_tls(secure_gateway, authority):
    client = authority.issue("client", "DNS:checkout.example")
    files = ("--tls-cert-file", str(client.certificate), "--tls-key-file", str(client.key))
    roots = ("--tls-ca-file", str(authority.certificate))
    name = ("--tls-server-name", "mutexd.example")
    done = mutexctl(secure_gateway, *roots, *files, *name)
    assert done.returncode == 0, done.stderr
    assert mutexctl(secure_gateway, *roots, *files).returncode == 78, "another name"
    assert mutexctl(secure_gateway, *roots, *name).returncode == 78, "no certificate"


def test_takes_tls_from_the_environment(secure_gateway, authority):
    client = authority.issue("client", "DNS:checkout.example")
    variables = {
        "MUTEXGROUPS_TLS_CA_FILE": str(authority.certificate),
        "MUTEXGROUPS_TLS_CERT_FILE": str(client.certificate),
        "MUTEXGROUPS_TLS_KEY_FILE": str(client.key),
        "MUTEXGROUPS_TLS_SERVER_NAME": "mutexd.example",
    }
    done = mutexctl(secure_gateway, environment=variables)
    assert done.returncode == 0, done.stderr
    assert mutexctl(secure_gateway, "--tls", "off", environment=variables).returncode == 78


def test_sends_the_callers_key_from_a_file(amplitude, start_gateway, tmp_path):
    amplitude.further_keys = {KEY}
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    gateway = start_gateway("--credentials", "caller", key=None)
    done = mutexctl(gateway, "--amplitude-key-file", str(file))
    assert done.returncode == 0, done.stderr
    assert [key_of(request) for request in amplitude.requests] == [KEY]
    assert mutexctl(gateway).returncode == 80, "no key"


def test_keeps_the_key_from_networks_in_plain_text(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY)
    command = [binary("mutexctl"), "--server", "gateway.example:50051"]
    done = run([*command, "--amplitude-key-file", str(file), "list"])
    assert done.returncode == 2
    assert "plain text" in done.stderr
    assert KEY not in done.stderr
