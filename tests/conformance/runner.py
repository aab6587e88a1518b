"""The runners: one long-lived process for each language, spoken to in lines of JSON."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process import REPOSITORY, clean_environment

RUNNERS = Path(__file__).resolve().parent / "runners"

# Bounds a broken runner, never a passing one.
PATIENCE_SECONDS = 120


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
    """Its end must be in good order: at the end of input, with exit code 0."""

    def __init__(self, language: str, log: Path):
        self._language = language
        self._log = log

    def __enter__(self) -> Runner:
        self._stderr = self._log.open("w+")
        # Variables of whoever runs the tests must not reach the clients.
        self._process = subprocess.Popen(
            [RUNNERS / self._language / "run"],
            cwd=REPOSITORY,
            env=clean_environment(),
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

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]

    def __exit__(self, kind, *_) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            code = self._process.wait(PATIENCE_SECONDS)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            code = self._process.wait()
        said = self._said()
        self._stderr.close()
        if code != 0 and kind is None:
            raise AssertionError(f"the runner of {self._language} ended with {code}: {said}")
