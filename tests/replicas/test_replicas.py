"""Two replicas behind one name, restarted one by one: no call fails, in any language."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rolling_restart import HOSTS, NAME, Callers, replicas_behind_a_name, restart_one_by_one
from tests.conformance.runner import RUNNERS, Runner, build, columns

# Runners are built, and both replicas are restarted, on a busy machine.
pytestmark = pytest.mark.timeout(1800)

REPOSITORY = Path(__file__).resolve().parents[2]
LANGUAGES = sorted(path.parent.name for path in RUNNERS.glob("*/run"))
RUNNERS_PER_LANGUAGE = 3
# The service config repeats reads, and never writes: those show what a drain does to a call.
CALLS = [
    ("GetMutexGroup", {"mutex_group_id": "1002"}),
    (
        "UpdateSlot",
        {
            "mutex_group_id": "1002",
            "slot_index": 2,
            "slot": {"experiment_ids": ["203", "205"]},
            "update_mask": "experimentIds",
        },
    ),
]


def reached(language: str, target: str, folder: Path) -> tuple[str, dict[str, str]]:
    """The target for the language's client, and variables for the runner."""
    if language == "node":
        # Without it grpc-js asks the system, whatever name server the target has.
        return target, {"GRPC_NODE_USE_ALTERNATIVE_RESOLVER": "true"}
    if language == "java":
        # grpc-java always asks the JDK, which reads names from a file where it is told to.
        hosts = folder / "hosts"
        hosts.write_text("".join(f"{host} {NAME}\n" for host in HOSTS))
        port = target.rpartition(":")[2]
        return f"dns:///{NAME}:{port}", {"JAVA_TOOL_OPTIONS": f"-Djdk.net.hosts.file={hosts}"}
    return target, {}


class Speaker:
    """A runner's client, called by one thread."""

    def __init__(self, runner: Runner, target: str, style: str | None):
        self._runner = runner
        self._question: dict[str, Any] = {"connect": {"server": target}, "timeout_ms": 60_000}
        if style:
            self._question["style"] = style
        self._turn = 0

    def call(self, name: str) -> str | None:
        self._turn += 1
        rpc, request = CALLS[self._turn % len(CALLS)]
        question = {**self._question, "call": rpc, "request": request, "correlation_id": name}
        answer = self._runner.ask(question)
        return None if "response" in answer else f"{rpc}: {answer}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_call_fails_while_replicas_are_restarted_one_by_one(language, tmp_path):
    build(language)
    with contextlib.ExitStack() as stack:
        replicas, target = stack.enter_context(replicas_behind_a_name())
        target, variables = reached(language, target, tmp_path)
        speakers: dict[str, Speaker] = {}
        runners = []
        for column in columns(language):
            for number in range(RUNNERS_PER_LANGUAGE):
                name = f"{column.name.replace('/', '-')}-{number}"
                log = tmp_path / f"{name}.log"
                runner = stack.enter_context(Runner(language, log, variables))
                runners.append(runner)
                speakers[name] = Speaker(runner, target, column.style)
        with Callers(list(speakers), lambda name: speakers[name].call(name)) as callers:
            try:
                restart_one_by_one(replicas, set(speakers))
            except AssertionError as error:
                error.add_note(f"calls that failed: {callers.failures[:5]}")
                raise
        assert not callers.failures
        assert callers.made > 100
        assert not list(filter(None, (runner.stop() for runner in runners)))


def test_the_example_runs():
    build("python")
    readme = (REPOSITORY / "examples/replicas/README.md").read_text(encoding="utf-8")
    command = [
        REPOSITORY / "build/clients/python/bin/python",
        REPOSITORY / "examples/replicas/run.py",
    ]
    done = subprocess.run(
        command, env={**os.environ}, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = re.search(r"^```text\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)[1]
    assert f"/{NAME}:" in shown
    assert without_figures(done.stdout) == without_figures(shown)


def without_figures(text: str) -> str:
    """Without the ports, and how many calls were made."""
    return re.sub(r":\d+|^\d+(?= calls)", "N", text, flags=re.MULTILINE)
