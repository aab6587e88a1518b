"""--credentials caller: each call brings its own management key."""

from __future__ import annotations

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import KEY, key_of
from process import binary, run
from rpc_errors import expect

ADA = "ampex_ada-0123456789abcdef"
BOB = "ampex_bob-0123456789abcdef"
NOT_AUTHENTICATED = ("UNAUTHENTICATED", "CALLER_NOT_AUTHENTICATED")


def with_key(key: str) -> dict:
    return {"metadata": (("x-amplitude-management-key", key),)}


@pytest.fixture
def gateway(amplitude, start_gateway):
    amplitude.further_keys = {ADA, BOB}
    return start_gateway("--credentials", "caller", "--log-level", "debug", key=None)


def list_groups(stub, **options):
    return stub.ListMutexGroups(api.ListMutexGroupsRequest(), **options)


def test_each_call_uses_its_callers_key(amplitude, gateway):
    group_id = amplitude.add_group()
    stub = gateway.stub()
    list_groups(stub, **with_key(ADA))
    request = api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=str(group_id), name="New")
    )
    stub.UpdateMutexGroup(request, **with_key(BOB))
    assert [key_of(request) for request in amplitude.requests] == [ADA, BOB, BOB, BOB]


def test_what_was_read_with_one_key_is_not_answered_to_another(amplitude, gateway):
    group_id = amplitude.add_group()
    stub = gateway.stub()
    request = api.GetMutexGroupRequest(mutex_group_id=str(group_id))
    request.max_staleness.FromSeconds(60)
    for key in (ADA, ADA, ADA, BOB):
        stub.GetMutexGroup(request, **with_key(key))
    assert {ADA, BOB} == {key_of(request) for request in amplitude.requests}
    amplitude.further_keys = {ADA}
    request.max_staleness.FromSeconds(0)
    expect(
        "UNAUTHENTICATED", "AMPLITUDE_KEY_REJECTED", stub.GetMutexGroup, request, **with_key(BOB)
    )


def test_a_call_without_a_key_is_refused(amplitude, gateway):
    failed = expect(*NOT_AUTHENTICATED, list_groups, gateway.stub())
    assert "x-amplitude-management-key" in failed.message
    assert amplitude.requests == []


@pytest.mark.parametrize("bad", ["two words", "ampex_" + "x" * 600])
def test_a_malformed_key_is_refused_and_not_shown(amplitude, gateway, bad):
    failed = expect(*NOT_AUTHENTICATED, list_groups, gateway.stub(), **with_key(bad))
    assert bad not in failed.message
    assert amplitude.requests == []


def test_two_keys_are_refused(amplitude, gateway):
    both = [("x-amplitude-management-key", key) for key in (ADA, BOB)]
    failure = expect(*NOT_AUTHENTICATED, list_groups, gateway.stub(), metadata=both)
    assert "more than once" in failure.message
    assert ADA not in failure.message
    assert not amplitude.requests


def test_a_rejected_key_is_the_callers_fault(gateway):
    expect(
        "UNAUTHENTICATED",
        "AMPLITUDE_KEY_REJECTED",
        list_groups,
        gateway.stub(),
        **with_key("ampex_nobodys"),
    )


def test_callers_keys_are_nowhere_to_be_seen(gateway):
    stub = gateway.stub()
    unknown = "ampex_unknown-0123456789abcdef"
    list_groups(stub, **with_key(ADA))
    expect("UNAUTHENTICATED", "AMPLITUDE_KEY_REJECTED", list_groups, stub, **with_key(unknown))
    expect(*NOT_AUTHENTICATED, list_groups, stub, **with_key("ampex_two words"))
    metrics = gateway.http("/metrics").body
    gateway.stop()
    for text in (metrics, gateway.stderr, gateway.stdout):
        for key in (ADA, unknown, "ampex_two"):
            assert key not in text


def test_a_key_is_taken_by_a_unix_socket(amplitude, start_gateway, tmp_path):
    amplitude.further_keys = {ADA}
    socket = f"unix:{tmp_path}/m.sock"
    gateway = start_gateway("--credentials", "caller", "--listen", socket, key=None)
    list_groups(gateway.stub(), **with_key(ADA))
    assert [key_of(request) for request in amplitude.requests] == [ADA]


def test_a_key_is_not_taken_where_others_could_read_it(amplitude, start_gateway):
    amplitude.further_keys = {ADA}
    gateway = start_gateway(
        "--credentials", "caller", "--listen", "0.0.0.0:0", "--allow-plaintext", key=None
    )
    port = gateway.address.rpartition(":")[2]
    stub = gateway.stub(f"127.0.0.1:{port}")
    failed = expect(*NOT_AUTHENTICATED, list_groups, stub, **with_key(ADA))
    assert "not encrypted" in failed.message
    assert amplitude.requests == []


def test_the_service_uses_its_own_key_unless_told_otherwise(amplitude, start_gateway):
    list_groups(start_gateway().stub(), **with_key(ADA))
    assert [key_of(request) for request in amplitude.requests] == [KEY]


def test_callers_keys_and_a_key_exclude_each_other(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY)
    for flags, environment in (
        (["--amplitude-key-file", str(file)], {}),
        ([], {"AMPLITUDE_MANAGEMENT_KEY": KEY}),
    ):
        answer = run([binary("mutexd"), "--credentials", "caller", *flags], environment)
        assert answer.returncode == 2
        assert "exclude each other" in answer.stderr
        assert KEY not in answer.stderr
