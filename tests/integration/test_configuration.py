"""Flags, environment and file: what beats what, and a sentence for every mistake."""

from __future__ import annotations

import subprocess
import tomllib

import grpc
import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import KEY, wait_until
from process import binary, run
from rpc_errors import expect

WITH_KEY = {"AMPLITUDE_MANAGEMENT_KEY": KEY}


def mutexd(
    *flags: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    variables = WITH_KEY if environment is None else environment
    answer = run([binary("mutexd"), *flags], variables)
    assert KEY not in answer.stdout + answer.stderr
    return answer


def checked(*flags: str, environment: dict[str, str] | None = None) -> dict:
    """The effective settings, as --check-config prints them."""
    answer = mutexd("--check-config", *flags, environment=environment)
    assert answer.returncode == 0, answer.stderr
    return tomllib.loads(answer.stdout)


def problem(*flags: str, environment: dict[str, str] | None = None) -> str:
    """What mutexd says before it refuses to start."""
    answer = mutexd(*flags, environment=environment)
    assert answer.returncode > 0, "it started, or died of a signal"
    assert "\n   at " not in answer.stderr
    return answer.stderr


# -- what beats what


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path):
    file = tmp_path / "mutexd.toml"
    file.write_text('drain-timeout = "1s"\nlog-level = "error"\nregion = "eu"\n')
    environment = {**WITH_KEY, "MUTEXD_DRAIN_TIMEOUT": "2s", "MUTEXD_LOG_LEVEL": "warning"}
    settings = checked("--config", str(file), "--drain-timeout", "3s", environment=environment)
    assert settings["drain-timeout"] == "3s"
    assert settings["log-level"] == "warning"
    assert settings["region"] == "eu"


def test_lists_are_repeated_flags_comma_separated_or_arrays(tmp_path):
    two = ["127.0.0.1:1234", "unix:/tmp/a.sock"]
    assert checked("--listen", two[0], "--listen", two[1])["listen"] == two
    from_environment = checked(environment={**WITH_KEY, "MUTEXD_LISTEN": ",".join(two)})
    assert from_environment["listen"] == two
    file = tmp_path / "mutexd.toml"
    file.write_text(f"listen = {two}\n")
    assert checked("--config", str(file))["listen"] == two


def test_the_defaults():
    settings = checked()
    expected = {
        "listen": ["127.0.0.1:50051"],
        "management": "127.0.0.1:9464",
        "region": "us",
        "upstream-timeout": "10s",
        "default-deadline": "20s",
        "write-visibility-timeout": "2s",
        "drain-timeout": "25s",
    }
    assert {name: settings.get(name) for name in expected} == expected


def test_check_config_checks_and_does_not_serve():
    assert mutexd("--check-config").returncode == 0
    assert mutexd("--check-config", "--region", "mars").returncode > 0


# -- mistakes, each with setting, value and remedy


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--region", "mars"], ["region", "mars", "us", "eu"]),
        (["--drain-timeout", "soon"], ["drain-timeout", "soon", "10s"]),
        (["--drain-timeout", "-5s"], ["drain-timeout", "-5s"]),
        (["--upstream-timeout", "0s"], ["upstream-timeout", "0s"]),
        (["--slot-index-base", "2"], ["slot-index-base", "2"]),
        (["--max-reply-bytes", "lots"], ["max-reply-bytes", "lots"]),
        (["--log-level", "loud"], ["log-level", "loud", "info"]),
        (["--log-format", "xml"], ["log-format", "xml", "json"]),
        (["--listen", "50051"], ["listen", "50051"]),
        (["--listen", "127.0.0.1:99999"], ["listen", "99999"]),
        (["--management", "nowhere"], ["management", "nowhere"]),
        (["--amplitude-url", "http://example.com"], ["amplitude-url", "https"]),
        (["--amplitude-url", "ftp://example.com"], ["amplitude-url", "https"]),
        (["--amplitude-url", "not a url"], ["amplitude-url"]),
        (["--sandbox", "--amplitude-url", "https://example.com"], ["sandbox", "amplitude-url"]),
        (["--amplitude-key-file", "/no/such/file"], ["/no/such/file"]),
        (["--config", "/no/such/file.toml"], ["/no/such/file.toml"]),
        (["--no-such-flag"], ["--no-such-flag"]),
        (["stray"], ["stray"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_in_a_flag_is_named(flags, words):
    told = problem(*flags)
    for word in words:
        assert word in told, told


def test_a_mistake_in_the_environment_names_the_variable():
    told = problem(environment={**WITH_KEY, "MUTEXD_DRAIN_TIMEOUT": "soon"})
    assert "MUTEXD_DRAIN_TIMEOUT" in told
    assert "soon" in told


def test_an_unknown_key_of_the_file_is_an_error_with_its_line(tmp_path):
    file = tmp_path / "mutexd.toml"
    file.write_text('# settings\nregion = "us"\n\ndrain_timeout = "1s"\n')
    told = problem("--config", str(file))
    assert "drain_timeout" in told
    assert f"{file}:4" in told or "line 4" in told


def test_a_file_that_is_no_toml_is_an_error_with_its_line(tmp_path):
    file = tmp_path / "mutexd.toml"
    file.write_text('region = "us"\nlisten = [\n')
    told = problem("--config", str(file))
    assert "mutexd.toml" in told


def test_a_missing_key_is_named_with_the_remedy():
    told = problem(environment={})
    assert "AMPLITUDE_MANAGEMENT_KEY" in told
    assert "--amplitude-key-file" in told
    assert "--sandbox" in told


def test_a_key_is_never_a_flag():
    answer = run([binary("mutexd"), "--amplitude-management-key", KEY], {})
    assert answer.returncode > 0
    assert KEY not in answer.stderr + answer.stdout


def test_a_key_that_cannot_be_one_is_refused_without_showing_it():
    secret = "ampex_with a space"
    answer = run([binary("mutexd")], {"AMPLITUDE_MANAGEMENT_KEY": secret})
    assert answer.returncode > 0
    assert "AMPLITUDE_MANAGEMENT_KEY" in answer.stderr
    assert secret not in answer.stderr + answer.stdout


def test_the_sandbox_needs_no_key():
    assert checked("--sandbox", environment={})["sandbox"] is True


# -- keys in files


def test_a_key_file_is_used_and_read_again_when_it_changes(amplitude, start_gateway, tmp_path):
    file = tmp_path / "key"
    file.write_text("ampex_the-former-key-0000\n")
    gateway = start_gateway("--amplitude-key-file", str(file), key=None)
    stub = gateway.stub()
    request = api.ListMutexGroupsRequest()
    expect("FAILED_PRECONDITION", "AMPLITUDE_KEY_REJECTED", stub.ListMutexGroups, request)
    assert amplitude.requests[-1].headers["authorization"] == "Bearer ampex_the-former-key-0000"

    replacement = tmp_path / "key.new"
    replacement.write_text(f"{KEY}\n")
    replacement.rename(file)

    def uses_the_new_key() -> bool:
        try:
            stub.ListMutexGroups(request)
        except grpc.RpcError:
            return False
        return True

    wait_until(uses_the_new_key, "the new key is used")
    assert gateway.stop() == 0
    assert KEY not in gateway.stderr
    assert "the-former-key" not in gateway.stderr


# -- small things


def test_version():
    answer = mutexd("--version", environment={})
    assert answer.returncode == 0
    assert answer.stdout.split()[0] == "mutexd"


def test_help_names_every_setting_with_its_variable():
    answer = mutexd("--help", environment={})
    assert answer.returncode == 0
    for name in checked(environment=WITH_KEY):
        assert f"--{name}" in answer.stdout
        assert f"MUTEXD_{name.upper().replace('-', '_')}" in answer.stdout


def test_text_logs_are_for_people(start_gateway):
    gateway = start_gateway("--log-format", "text")
    wait_until(lambda: "listening" in gateway.stderr, "a log line")
    assert gateway.log == []
