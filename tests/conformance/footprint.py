"""Measures each client: the size of its package, and how long a program takes to its first answer.

`tests/conformance/footprint` runs it; the README has what it printed. The program is the
conformance runner of the language, from its start to the answer to its first GetMutexGroup, by
medians of runs that take turns. A script starts it; the first line is one that starts nothing.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from gateway import Gateway
from process import REPOSITORY
from tests.conformance.runner import RUNNERS, Runner, build
from tests.consumer.installed import install

ROUNDS = 11
LANGUAGES = sorted(path.parent.name for path in RUNNERS.glob("*/run"))


def output_of(*command: object, folder: Path = REPOSITORY) -> bytes:
    return subprocess.run(
        [str(part) for part in command], cwd=folder, check=True, capture_output=True
    ).stdout


def cpp_package(folder: Path) -> tuple[str, int]:
    install(folder, is_shared=False)
    [library] = folder.rglob("libmutexgroups*.a")
    return "static library", library.stat().st_size


def go_package(_: Path) -> tuple[str, int]:
    """What the module proxy hands out: a zip of the folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name in output_of("git", "ls-files", "client/go").decode().split():
            target.writestr(name, (REPOSITORY / name).read_bytes())
    return "module's zip", len(archive.getvalue())


def java_package(folder: Path) -> tuple[str, int]:
    output_of("mvn", "-q", "-B", "-DskipTests", "package", folder=REPOSITORY / "client" / "java")
    [jar] = (REPOSITORY / "client" / "java" / "target").glob("mutexgroups-client-*[0-9].jar")
    return "jar", jar.stat().st_size


def node_package(folder: Path) -> tuple[str, int]:
    said = output_of(
        *("npm", "pack", "--json", "--pack-destination", folder),
        folder=REPOSITORY / "client" / "node",
    )
    [packed] = json.loads(said[said.index(b"[\n") :])
    return "npm's tgz", packed["size"]


def python_package(folder: Path) -> tuple[str, int]:
    output_of("pip", "wheel", "-q", "--no-deps", "-w", folder, "client/python")
    [wheel] = folder.glob("*.whl")
    return "wheel", wheel.stat().st_size


PACKAGES = {
    "cpp": cpp_package,
    "go": go_package,
    "java": java_package,
    "node": node_package,
    "python": python_package,
}


def seconds_to_first_answer(language: str, address: str, log: Path) -> float:
    question = {
        "connect": {"server": address},
        "call": "GetMutexGroup",
        "request": {"mutex_group_id": "1002"},
    }
    started = time.monotonic()
    with Runner(language, log) as runner:
        answer = runner.ask(question)
        taken = time.monotonic() - started
    assert answer["response"]["mutex_group"]["id"] == "1002", answer
    return taken


def seconds_of_nothing() -> float:
    started = time.monotonic()
    subprocess.run(["bash", "-c", "exec /bin/true"], check=True)
    return time.monotonic() - started


def main() -> None:
    for language in LANGUAGES:
        build(language)
    times: dict[str, list[float]] = {language: [] for language in LANGUAGES}
    nothing = []
    gateway = Gateway("--sandbox", key=None)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(ROUNDS):
                nothing.append(seconds_of_nothing())
                for language in LANGUAGES:
                    log = Path(folder) / f"{language}.log"
                    times[language].append(seconds_to_first_answer(language, gateway.address, log))
    finally:
        gateway.stop()
    print("| Client | Package | Size | First answer after |")
    print("| --- | --- | --- | --- |")
    print(f"| none: a script that ends | | | {statistics.median(nothing) * 1000:.0f} ms |")
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            kind, size = PACKAGES[language](Path(folder))
        median = statistics.median(times[language]) * 1000
        print(f"| {language} | {kind} | {size / 1000:,.0f} KB | {median:.0f} ms |")


if __name__ == "__main__":
    main()
