"""The shell examples of a page of the documentation, run as somebody would who follows it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples import all_blocks, blocks, masked, shows
from gateway import is_listening
from process import REPOSITORY, Process, binary, clean_environment, run

# What an example has started ends with it, also where it fails half way.
LEAVE_NOTHING = "trap 'jobs -p | xargs -r kill 2> /dev/null' EXIT"


@contextmanager
def service(page: Path) -> Iterator[dict[str, str]]:
    """The addresses of what the page's block "serves" starts, on ports of the system's choice;
    without one, of `mutexd --sandbox`."""
    starts = [block.code for block in blocks(page, "sh") if "serves" in block.tags]
    program, *flags = shlex.split(starts[0]) if starts else ["mutexd", "--sandbox"]
    ports = ("--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--log-format", "json")
    server = Process([REPOSITORY / program if "/" in program else binary(program), *flags, *ports])
    wanted = {}
    for what in ("grpc", "management"):
        entry = server.wait_for_log(
            lambda entry, what=what: is_listening(entry, what), f"the {what} port"
        )
        wanted[what] = entry["address"]
    try:
        yield wanted
    finally:
        code = server.stop()
    assert code == 0


def run_shell(page: Path, folder: Path, addresses: dict[str, str]) -> int:
    """Runs the page's shell examples in order in a folder, and compares what they print. Returns
    how many there were."""
    environment = clean_environment({"MUTEXGROUPS_SERVER": addresses["grpc"], "LC_ALL": "C.UTF-8"})
    tools = [str(binary("mutexctl").parent), str(REPOSITORY / ".cache" / "bin")]
    environment["PATH"] = os.pathsep.join([*tools, environment["PATH"]])
    ran = 0
    for block in all_blocks(page):
        for tag in block.tags:
            if tag.startswith("file="):
                (folder / tag.removeprefix("file=")).write_text(block.code)
        if block.language != "sh" or {"live", "serves"} & set(block.tags):
            continue
        commands = block.code.replace("127.0.0.1:50051", addresses["grpc"])
        commands = commands.replace("127.0.0.1:9464", addresses["management"])
        done = run(
            ["bash", "-eo", "pipefail", "-c", f"{LEAVE_NOTHING}\n{commands}"],
            environment,
            cwd=folder,
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == ("fails" in block.tags), f"{block.code}\n{output}"
        if block.kind == "json":
            assert masked(json.loads(done.stdout)) == masked(json.loads(block.output)), output
        elif block.kind == "text":
            printed = output if "fails" in block.tags else done.stdout
            assert shows(block.output, printed), f"{block.code}\n{printed}"
        ran += 1
    return ran
