"""The runners: one long-lived process for each language, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process import REPOSITORY, clean_environment

RUNNERS = Path(__file__).resolve().parent / "runners"

# Bounds a broken runner, never a passing one.
PATIENCE_SECONDS = 120


# How a runner was built is for its `run` to know.
OWN_VARIABLES = {name: os.environ[name] for name in ("CONFORMANCE_PRESET",) if name in os.environ}


@dataclass(frozen=True)
class Column:
    """A language, or one of its styles of making calls."""

    language: str
    style: str | None

    @property
    def name(self) -> str:
        return f"{self.language}/{self.style}" if self.style else self.language


def columns(language: str) -> list[Column]:
    """One for each line of the runner's file `styles`, where it has one."""
    path = RUNNERS / language / "styles"
    styles = path.read_text().split() if path.is_file() else [None]
    return [Column(language, style) for style in styles]


def build(language: str) -> None:
    done = subprocess.run([RUNNERS / language / "build"], cwd=REPOSITORY, check=False)
    if done.returncode != 0:
        raise SystemExit(f"tests/conformance: the runner of {language} could not be built")


class Runner:
    """Use it as a context manager; `stop()` tells how it ended."""

    def __init__(self, language: str, log: Path, variables: Mapping[str, str] = {}):
        self._language = language
        self._log = log
        self._variables = variables

    def __enter__(self) -> Runner:
        self._stderr = self._log.open("w+")
        # Variables of whoever runs the tests must not reach the clients.
        self._process = subprocess.Popen(
            [RUNNERS / self._language / "run"],
            cwd=REPOSITORY,
            env=clean_environment({**OWN_VARIABLES, **self._variables}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            # In ASCII: what the runner's locale makes of its input is not of interest here.
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=PATIENCE_SECONDS)
        except (BrokenPipeError, queue.Empty) as error:
            raise AssertionError(f"the runner does not answer: {self._said()}") from error
        if not line:
            raise AssertionError(f"the runner ended: {self._said()}")
        try:
            return json.loads(line)
        except ValueError as error:
            raise AssertionError(f"the runner's answer is not JSON: {line}") from error

    def close_clients(self) -> None:
        """Or they would go on looking for servers whose ports others have got by then."""
        answer = self.ask({"close_clients": True})
        assert answer == {}, f"the runner did not close its clients: {answer}"

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]

    def __exit__(self, *_) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._stderr.close()

    def stop(self) -> str | None:
        """Ends the input. What is wrong where the runner does not end then, with exit code 0."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            code = self._process.wait(PATIENCE_SECONDS)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            return f"  did not end: {self._said()}"
        return f"  ended with {code}: {self._said()}" if code != 0 else None
