"""Options, variables and files. What is refused and how it is told is in tests/conformance too."""

from __future__ import annotations

import subprocess

import pytest

import mutexgroups
from mutexgroups._address import address_problem, is_local
from mutexgroups.options import settings


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -days 2"
    files = (folder / "cert.pem", folder / "key.pem")
    arguments = ["-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run([*command.split(), *arguments], check=True, capture_output=True)
    return files


def test_defaults():
    made = settings(environment={})
    assert made.server == "127.0.0.1:50051"
    assert made.credentials is None
    assert made.timeout == 30
    assert made.max_receive_bytes == 64 << 20


def test_the_process_environment_counts(monkeypatch):
    monkeypatch.setenv("MUTEXGROUPS_SERVER", "gateway:1")
    assert settings().server == "gateway:1"
    assert settings(environment={}).server == "127.0.0.1:50051"


def test_options_beat_variables(pair):
    cert, _ = pair
    variables = {"MUTEXGROUPS_SERVER": "gateway:1", "MUTEXGROUPS_TLS_SERVER_NAME": "a"}
    made = settings("other:2", tls_server_name="b", environment=variables)
    assert made.server == "other:2"
    assert made.tls_server_name == "b"
    assert settings(tls_ca_file=cert, environment={"MUTEXGROUPS_TLS": "off"}).credentials is None
    assert settings(tls=True, environment={"MUTEXGROUPS_TLS": "off"}).credentials is not None


def test_a_file_turns_tls_on(pair):
    cert, key = pair
    assert settings(tls_ca_file=cert, environment={}).credentials is not None
    assert settings(tls_cert_file=cert, tls_key_file=key, environment={}).credentials is not None
    assert settings(tls=False, tls_ca_file=cert, environment={}).credentials is None


def test_a_key_with_a_password_is_refused_and_not_asked_for(pair, tmp_path):
    cert, key = pair
    locked = tmp_path / "locked.pem"
    command = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(mutexgroups.OptionError, match="encrypted"):
        settings(tls_cert_file=cert, tls_key_file=locked, environment={})


def test_an_unknown_option_is_an_error():
    with pytest.raises(TypeError, match="time_out"):
        mutexgroups.Client(time_out=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("size", [0, -1, 1 << 31])
def test_the_largest_reply_has_a_range(size):
    with pytest.raises(mutexgroups.OptionError, match="max_receive_bytes"):
        settings(max_receive_bytes=size)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:50051",
        "[::1]:50051",
        "gateway:443",
        "unix:/run/mutexd.sock",
        "unix:///run/x",
        "unix-abstract:mutexd",
        "dns:///gateway.example.com:50051",
        "ipv4:10.0.0.1:50051,10.0.0.2:50051",
    ],
)
def test_addresses_that_can_be_dialled(address):
    assert address_problem(address) is None


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "it is empty"),
        ("unix:", "the path is missing"),
        ("http://gateway:50051", "it is a URL"),
        ("gateway", "the port is missing"),
        ("[::1]", "the port is missing"),
        ("gateway:http", "the port is not a number"),
        ("gateway:0", "the port is not a number"),
        ("gateway:65536", "the port is not a number"),
        (":50051", "the host is missing"),
        ("::1:50051", "an IPv6 address needs brackets"),
    ],
)
def test_addresses_that_cannot(address, problem):
    found = address_problem(address)
    assert found is not None
    assert problem in found
    assert "write host:port" in found


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.9.9.9:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("unix:/x", True),
        ("dns:///localhost:1", True),
        ("10.0.0.1:1", False),
        ("127.example.com:1", False),
        ("unix.example.com:1", False),
        ("localhost.example.com:1", False),
        ("ipv4:127.0.0.1:1,10.0.0.1:2", False),
    ],
)
def test_what_stays_on_this_machine(address, local):
    assert is_local(address) is local
