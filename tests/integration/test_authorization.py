"""The authorization policy and --read-only: who may do what, and what a denial tells."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import KEY, reply, wait_until
from process import binary, run
from rpc_errors import Failure, expect, failure

DENIED = ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED")
UNKNOWN_CALLER = ("UNAUTHENTICATED", "CALLER_NOT_AUTHENTICATED")
NOT_FOUND = ("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND")


def rule(*allow: str, principals: list[str] | None = None, **limits) -> str:
    lines = ["[[rule]]", f'name = "{" and ".join(allow)} {len(limits)}"']
    lines.append(f"principals = {principals or ['anonymous']!r}")
    lines.append(f"allow = {list(allow)!r}")
    lines += [f"{name} = {value!r}" for name, value in limits.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def policy(tmp_path) -> Path:
    return tmp_path / "policy.toml"


@pytest.fixture
def serve(start_gateway, policy):
    """Starts mutexd with a policy of these rules; gives its stub."""

    def start(*rules: str, flags: tuple[str, ...] = ()):
        policy.write_text("\n".join(rules))
        return start_gateway("--authz-policy", str(policy), *flags).stub()

    return start


def get(group_id) -> api.GetMutexGroupRequest:
    return api.GetMutexGroupRequest(mutex_group_id=str(group_id))


def rename(group_id, name: str = "New", **fields) -> api.UpdateMutexGroupRequest:
    return api.UpdateMutexGroupRequest(
        mutex_group=groups.MutexGroup(id=str(group_id), name=name), **fields
    )


def create(key: str, project: int = 5678, **fields) -> api.CreateMutexGroupRequest:
    group = groups.MutexGroup(
        project_id=project, name="Made", key=key, slots=[groups.Slot(percentage=100)]
    )
    return api.CreateMutexGroupRequest(mutex_group=group, **fields)


def seen(failed: Failure) -> tuple:
    """All that a caller sees of a failure but the id of its call."""
    trailers = {
        name: value
        for name, value in failed.trailers.items()
        if name not in ("x-request-id", "grpc-status-details-bin")
    }
    return (
        failed.code,
        failed.reason,
        failed.message,
        failed.metadata,
        failed.violations,
        failed.resource,
        failed.retry_seconds,
        trailers,
    )


# -- RPCs


def test_what_no_rule_allows_is_denied_before_amplitude_is_asked(amplitude, serve):
    stub = serve(rule("read", principals=["listener:local"]))
    failed = expect(*UNKNOWN_CALLER, stub.GetMutexGroup, get(1))
    assert "an anonymous caller may not GetMutexGroup" in failed.message
    expect(*UNKNOWN_CALLER, stub.UpdateMutexGroup, rename(1))
    expect(*UNKNOWN_CALLER, stub.CreateMutexGroup, api.CreateMutexGroupRequest())
    assert amplitude.requests == []


def test_a_policy_without_rules_denies_everything_and_warns(amplitude, start_gateway, policy):
    policy.write_text("# nothing yet\n")
    gateway = start_gateway("--authz-policy", str(policy))
    expect(*UNKNOWN_CALLER, gateway.stub().ListMutexGroups, api.ListMutexGroupsRequest())
    gateway.wait_for_log(lambda entry: "nobody may do anything" in entry["msg"], "the warning")
    assert amplitude.requests == []


def test_a_rule_gives_what_it_names(amplitude, serve):
    group_id = amplitude.add_group()
    stub = serve(rule("read"), rule("UpdateMutexGroup"))
    assert stub.GetMutexGroup(get(group_id)).mutex_group.id == str(group_id)
    assert stub.UpdateMutexGroup(rename(group_id)).mutex_group.name == "New"
    request = api.ArchiveMutexGroupRequest(mutex_group_id=str(group_id))
    expect(*UNKNOWN_CALLER, stub.ArchiveMutexGroup, request)


def test_a_star_is_not_for_the_anonymous(serve):
    stub = serve(rule("read", "write", principals=["*"]))
    expect(*UNKNOWN_CALLER, stub.GetMutexGroup, get(1))


def test_health_and_reflection_are_always_allowed(start_gateway, policy):
    policy.write_text("")
    gateway = start_gateway("--authz-policy", str(policy))
    health = health_pb2_grpc.HealthStub(gateway.channel())
    answer = health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


# -- groups


def test_writes_touch_only_the_groups_of_their_rule(amplitude, serve):
    own = amplitude.add_group(key="checkout-eu")
    other = amplitude.add_group(key="search")
    elsewhere = amplitude.add_group(key="checkout-us", projectId=9)
    stub = serve(rule("read", "write", group_keys=["checkout-*"], project_ids=[5678]))
    assert stub.UpdateMutexGroup(rename(own)).mutex_group.name == "New"
    for group_id in (other, elsewhere):
        for dry in (False, True):
            request = rename(group_id, validate_only=dry)
            failed = expect(*DENIED, stub.UpdateMutexGroup, request)
            assert "may not UpdateMutexGroup: no rule gives it write" in failed.message
    assert len(amplitude.writes) == 1
    assert stub.GetMutexGroup(get(other)).mutex_group.key == "search", "reads are not limited"


def test_a_create_is_judged_by_its_key_and_project(amplitude, serve):
    stub = serve(rule("write", group_keys=["checkout-*", "made-*"], project_ids=[5678]))
    assert stub.CreateMutexGroup(create("checkout-1")).mutex_group.key == "checkout-1"
    assert stub.CreateMutexGroup(create("")).mutex_group.key.startswith("made-"), "derived"
    failed = expect(*DENIED, stub.CreateMutexGroup, create("search"))
    assert "a mutex group with the key 'search' in project 5678" in failed.message
    expect(*DENIED, stub.CreateMutexGroup, create("checkout-2", project=9))
    assert len(amplitude.of("create")) == 2


@pytest.mark.parametrize("etag", ["", "v1-0000"])
def test_a_denial_does_not_tell_whether_the_group_exists(amplitude, serve, etag):
    stub = serve(rule("write", group_keys=["checkout-*"]))
    there = amplitude.add_group(key="search")
    broken = amplitude.add_group(key="broken")
    amplitude.fault(
        "get",
        reply(200, {"id": broken}),
        times=float("inf"),
        when=lambda request: request.segments[0] == str(broken),
    )
    denials = [
        failure(stub.UpdateMutexGroup, rename(group_id, etag=etag))
        for group_id in (there, 424242, broken)
    ]
    assert (denials[0].code.name, denials[0].reason) == DENIED
    assert seen(denials[0]) == seen(denials[1]) == seen(denials[2])
    unarchive = api.UnarchiveMutexGroupRequest
    expect(*DENIED, stub.UnarchiveMutexGroup, unarchive(mutex_group_id="424242"))
    assert amplitude.writes == []


def test_who_may_read_is_told_that_a_group_is_not_there(serve):
    stub = serve(rule("write", group_keys=["checkout-*"]), rule("GetMutexGroup"))
    expect(*NOT_FOUND, stub.UpdateMutexGroup, rename(424242))


# -- the file


def reads(stub, group_id: int) -> bool:
    try:
        stub.GetMutexGroup(get(group_id))
    except Exception:
        return False
    return True


def replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_changed_policy_counts_without_a_restart(amplitude, start_gateway, policy):
    group_id = amplitude.add_group()
    policy.write_text(rule("read"))
    gateway = start_gateway("--authz-policy", str(policy))
    stub = gateway.stub()
    assert reads(stub, group_id)
    replace(policy, rule("write"))
    wait_until(lambda: not reads(stub, group_id), "the new policy is in force")
    gateway.wait_for_log(
        lambda entry: entry["msg"] == "the authorization policy has changed", "the change"
    )


def test_a_broken_policy_leaves_the_former_in_force(amplitude, start_gateway, policy):
    group_id = amplitude.add_group()
    policy.write_text(rule("read"))
    gateway = start_gateway("--authz-policy", str(policy))
    stub = gateway.stub()
    assert reads(stub, group_id)
    replace(policy, "[[rule]]\nname = 1\n")
    entry = gateway.wait_for_log(lambda entry: "cannot be used" in entry["msg"], "the warning")
    assert entry["level"] == "warning"
    assert f"{policy}:2: name is not a text" in entry["error"]
    assert reads(stub, group_id)
    replace(policy, rule("write"))
    wait_until(lambda: not reads(stub, group_id), "the mended policy is in force")


def test_sighup_reads_the_policy_at_once(amplitude, start_gateway, policy):
    group_id = amplitude.add_group()
    policy.write_text(rule("read"))
    gateway = start_gateway("--authz-policy", str(policy))
    stub = gateway.stub()
    assert reads(stub, group_id)
    replace(policy, rule("write"))
    gateway.popen.send_signal(signal.SIGHUP)
    gateway.wait_for_log(lambda entry: entry["msg"] == "reloading", "the reload")
    wait_until(lambda: not reads(stub, group_id), "the new policy is in force")


@pytest.mark.parametrize("check", [(), ("--check-config",)])
def test_a_broken_policy_at_the_start_is_fatal(policy, check):
    policy.write_text(rule("read") + "[[rule]]\nprincipal = 1\n")
    answer = run(
        [binary("mutexd"), "--authz-policy", str(policy), *check],
        {"AMPLITUDE_MANAGEMENT_KEY": KEY},
    )
    assert answer.returncode == 2
    assert f'mutexd: {policy}:6: unknown key "principal"' in answer.stderr
    assert f"{policy}:5: the rule has no name" in answer.stderr


def test_a_policy_that_is_not_there_is_fatal(tmp_path):
    missing = tmp_path / "missing.toml"
    answer = run(
        [binary("mutexd"), "--authz-policy", str(missing)], {"AMPLITUDE_MANAGEMENT_KEY": KEY}
    )
    assert answer.returncode == 2
    assert "authz-policy" in answer.stderr
    assert "No such file" in answer.stderr


# -- read-only


def test_read_only_refuses_every_write(amplitude, start_gateway):
    group_id = amplitude.add_group()
    stub = start_gateway("--read-only").stub()
    assert stub.GetMutexGroup(get(group_id)).mutex_group.id == str(group_id)
    for dry in (False, True):
        failed = expect(*DENIED, stub.UpdateMutexGroup, rename(group_id, validate_only=dry))
        assert "read-only" in failed.message
        expect(*DENIED, stub.CreateMutexGroup, create("k", validate_only=dry))
    assert len(amplitude.requests) == 1


def test_read_only_is_not_lifted_by_a_policy(serve):
    stub = serve(rule("read", "write"), flags=("--read-only",))
    expect(*DENIED, stub.UpdateMutexGroup, rename(1))
