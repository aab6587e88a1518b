"""The README does what it says: its shell blocks are run in order against the sandbox that
scripts/run starts, and what they print is what the page shows."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

import pytest

from gateway import is_listening
from process import REPOSITORY, Process, binary, clean_environment, run

README = (REPOSITORY / "README.md").read_text()
BLOCK = re.compile(
    r"^```sh(?P<tags>[^\n]*)\n(?P<commands>.*?)^```$"
    r"(?:\n<details><summary>Output</summary>\n)?"
    r"(?:\n```(?P<kind>json|text)\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
# What differs from run to run, wherever it stands in an answer.
TIMES = {"create_time", "update_time", "read_time"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# Commands that start what this test runs, or run it.
NOT_RUN = {"scripts/run", "scripts/test"}


@dataclass(frozen=True)
class Block:
    tags: list[str]
    commands: str
    kind: str | None
    output: str | None


def blocks() -> list[Block]:
    found = [
        Block(match["tags"].split(), match["commands"].strip(), match["kind"], match["output"])
        for match in BLOCK.finditer(README)
    ]
    assert len(found) == README.count("\n```sh"), "a shell block does not end"
    return found


@pytest.fixture(scope="module")
def sandbox():
    """What a new user has started: scripts/run, on ports of the system's choice."""
    server = Process(
        [
            REPOSITORY / "scripts" / "run",
            *("--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--log-format", "json"),
        ]
    )

    def address_of(what: str) -> str:
        entry = server.wait_for_log(lambda entry: is_listening(entry, what), f"the {what} port")
        return entry["address"]

    yield {what: address_of(what) for what in ("grpc", "management")}
    assert server.stop() == 0


def masked(value):
    """An answer with its times made equal, once they are seen to be times, and its names in the
    form of the protos, which some versions of grpcurl write and others do not."""
    if isinstance(value, dict):
        value = {re.sub(r"[A-Z]", lambda c: f"_{c[0].lower()}", k): v for k, v in value.items()}
        for key in TIMES & value.keys():
            assert TIMESTAMP.fullmatch(value[key]), value[key]
        return {k: "TIME" if k in TIMES else masked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(element) for element in value]
    if isinstance(value, str):  # the emulator's address
        return re.sub(r"^http://127\.0\.0\.1:\d+/", "http://SANDBOX/", value)
    return value


def masked_text(text: str) -> str:
    """The same for answers that are not JSON alone: names, generated request ids."""
    text = re.sub(r'"\w+":', lambda m: re.sub(r"[A-Z]", lambda c: f"_{c[0].lower()}", m[0]), text)
    text = TIMESTAMP.sub("TIME", text)
    return re.sub(r'"request_id": "[0-9a-f]{32}"', '"request_id": "…"', text).strip()


def test_every_block_does_what_the_page_shows(sandbox):
    environment = clean_environment({"MUTEXCTL_SERVER": sandbox["grpc"], "LC_ALL": "C.UTF-8"})
    tools = [str(binary("mutexctl").parent), str(REPOSITORY / ".cache" / "bin")]
    environment["PATH"] = os.pathsep.join([*tools, environment["PATH"]])
    ran = 0
    for block in blocks():
        if "live" in block.tags or block.commands in NOT_RUN:
            continue
        commands = block.commands.replace("127.0.0.1:50051", sandbox["grpc"])
        commands = commands.replace("127.0.0.1:9464", sandbox["management"])
        done = run(["bash", "-ec", commands], environment)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == ("fails" in block.tags), f"{block.commands}\n{output}"
        if block.kind == "json":
            assert masked(json.loads(done.stdout)) == masked(json.loads(block.output)), output
        elif block.kind == "text":
            shown = output if "fails" in block.tags else done.stdout
            assert masked_text(shown) == masked_text(block.output)
        ran += 1
    assert ran >= 14


def test_every_rpc_has_a_line():
    service = (REPOSITORY / "proto/mutexgroups/v1/mutex_group_service.proto").read_text()
    for method in re.findall(r"^  rpc (\w+)\(", service, re.MULTILINE):
        assert re.search(rf"grpcurl .*MutexGroupService/{method}$", README, re.MULTILINE), method


def test_live_needs_a_key():
    """`scripts/run --live` says what is missing before it builds or serves anything."""
    done = run([REPOSITORY / "scripts" / "run", "--live"])
    assert done.returncode != 0
    assert "AMPLITUDE_MANAGEMENT_KEY" in done.stderr


def test_configuration_table_is_that_of_the_help():
    help_text = run([binary("mutexd"), "--help"]).stdout
    entry = re.compile(r"^  (--[a-z-]+)(?: (\S+))?\n((?:      .*\n)+)", re.MULTILINE)
    rows = []
    for flag, value, text in entry.findall(help_text):
        meaning = re.sub(r" \[MUTEXD_[A-Z_]+\]$", "", " ".join(text.split()))
        rows.append((f"{flag} {value}".strip(), meaning))
    table = re.findall(r"^\| `(--[^`]+)` \| (.*) \|$", README, re.MULTILINE)
    table = [(flag.replace("\\|", "|"), meaning) for flag, meaning in table]
    assert table == [row for row in rows if row[0] != "--help"]


def test_links_of_the_documentation_lead_somewhere():
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
    pages += sorted((REPOSITORY / "docs").rglob("*.md"))
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
