"""The unit is one that systemd takes, gives away little, and forbids nothing that mutexd does."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from gateway import Gateway
from notify_socket import NotifySocket
from process import REPOSITORY, binary

UNIT = REPOSITORY / "deploy" / "systemd" / "mutexd.service"
# Tenths, from 0 (nothing exposed) to 100; a unit without any hardening has 96.
MOST_EXPOSURE = 20


def settings() -> dict[str, list[str]]:
    """The unit's assignments, in their order."""
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if not line.startswith("#") and "=" in line:
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|min)?", text).groups()
    return int(number) * (60 if unit == "min" else 1)


def test_systemd_takes_every_line(tmp_path):
    # The program stands where the build has put it; the rest is as installed.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/mutexd", str(binary("mutexd"))))
    outcome = analyze("verify", "--man=no", unit)
    assert outcome.returncode == 0, outcome.stderr
    # It complains of what it does not know, and goes on.
    assert UNIT.name not in outcome.stderr, outcome.stderr


def test_the_service_is_exposed_little():
    outcome = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", UNIT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "Overall exposure level" in outcome.stdout


def test_a_drain_of_the_default_length_ends_before_systemd_loses_patience():
    page = (REPOSITORY / "docs" / "configuration.md").read_text()
    default = re.search(r"^\| `drain-timeout` \| \S+ \| `(\d+s)` ", page, re.MULTILINE)
    assert seconds(settings()["TimeoutStopSec"][0]) > seconds(default[1]) + 10


def allowed_calls() -> set[str]:
    """What SystemCallFilter= lets through, its groups resolved by systemd itself."""

    def resolve(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        lines = analyze("syscall-filter", name).stdout.splitlines()[1:]
        members = [line.strip() for line in lines if line.strip() and "#" not in line]
        assert members, name
        return set().union(*map(resolve, members))

    allowed = set()
    for value in settings()["SystemCallFilter"]:
        calls = set().union(*map(resolve, value.removeprefix("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> str:
    """What mutexd asks of the kernel in a session: started, called, watched, drained."""
    folder = tmp_path_factory.mktemp("trace")
    output = folder / "strace.log"
    socket = folder / "mutexd.sock"
    with NotifySocket(str(folder / "notify")) as manager:
        gateway = TracedGateway(
            output,
            *("--sandbox", "--state-dir", str(folder), "--listen", f"unix:{socket}"),
            environment={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"},
            key=None,
        )
        manager.next_with("READY")
        stub = gateway.stub(f"unix:{socket}")
        listed = stub.ListMutexGroups(api.ListMutexGroupsRequest())
        group = groups.MutexGroup(id=listed.mutex_groups[0].id, name="Traced")
        stub.UpdateMutexGroup(api.UpdateMutexGroupRequest(mutex_group=group))
        assert gateway.http("/metrics").status == 200
        manager.next_with("WATCHDOG")
        assert gateway.stop() == 0
    # Only what mutexd itself does: starting it is systemd's work.
    return output.read_text().partition("execve(")[2]


class TracedGateway(Gateway):
    """Under strace, which stays apart from the process, so that signals reach mutexd."""

    def __init__(self, output, *flags: str, **options):
        self._output = output
        super().__init__(*flags, **options)

    def command(self, *parts):
        return ["strace", "-D", "-f", "-qq", "-o", self._output, *super().command(*parts)]


def test_the_filter_lets_through_every_call_that_a_session_makes(trace):
    made = set(re.findall(r"^\d+\s+(\w+)\(", trace, re.MULTILINE))
    assert {"sendto", "epoll_wait", "mmap"} <= made, "nothing was traced"
    assert made - allowed_calls() == set()


def test_no_memory_is_both_written_and_executed(trace):
    protections = re.findall(r"\bm(?:map|protect)\([^)]*?(PROT_\w+(?:\|PROT_\w+)*)", trace)
    assert protections
    assert not [text for text in protections if "PROT_WRITE" in text and "PROT_EXEC" in text]


def test_sockets_are_of_the_families_that_are_allowed(trace):
    families = set(re.findall(r"\bsocket(?:pair)?\((AF_\w+)", trace))
    assert families
    assert families <= set(settings()["RestrictAddressFamilies"][0].split())
