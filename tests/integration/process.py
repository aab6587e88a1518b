"""The real binaries as processes: started, listened to, stopped."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fake_amplitude import PATIENCE_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


def binary(name: str) -> Path:
    """A binary of the build under test: MUTEXD_BIN_DIR, or the release preset's."""
    folder = Path(os.environ.get("MUTEXD_BIN_DIR", REPOSITORY / "build" / "release" / "bin"))
    path = folder.resolve() / name
    assert path.is_file(), f"{path} is not built; set MUTEXD_BIN_DIR"
    return path


def clean_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """No proxies, keys or settings of whoever runs the tests."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "ASAN_OPTIONS",
        "UBSAN_OPTIONS",
        "LSAN_OPTIONS",
        "GCOV_PREFIX",
        "GCOV_PREFIX_STRIP",
    )
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, **extra}


class Process:
    """A running program whose stderr is read line by line, each a JSON object where it is one."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str] = {}):
        self._changed = threading.Condition(threading.RLock())
        self._lines: list[str] = []
        self._ended = False
        self.popen = subprocess.Popen(
            [str(part) for part in command],
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._stdout: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_stderr, daemon=True),
            threading.Thread(target=self._read_stdout, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_stderr(self) -> None:
        for line in self.popen.stderr:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_stdout(self) -> None:
        for line in self.popen.stdout:
            self._stdout.append(line)

    @property
    def stderr(self) -> str:
        with self._changed:
            return "\n".join(self._lines)

    @property
    def stdout(self) -> str:
        return "".join(self._stdout)

    @property
    def log(self) -> list[dict]:
        """The lines of stderr that are JSON objects."""
        with self._changed:
            return [entry for entry in map(parse_line, self._lines) if entry is not None]

    def wait_for_log(self, wanted: Callable[[dict], bool], what: str) -> dict:
        """The first log line that is wanted, waited for."""

        def found() -> dict | None:
            return next(filter(wanted, filter(None, map(parse_line, self._lines))), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, timeout=PATIENCE_SECONDS)
            entry = found()
        assert entry is not None, f"no log line of {what}; stderr was:\n{self.stderr}"
        return entry

    def wait(self) -> int:
        """Waits for the program's end and returns its exit code."""
        code = self.popen.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return code

    def limit_file_size(self, most: int) -> None:
        """What a full disk is to the process: it gets EFBIG beyond."""
        limits = (most, resource.RLIM_INFINITY)
        resource.prlimit(self.popen.pid, resource.RLIMIT_FSIZE, limits)

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ends the program as an operator would, and returns its exit code."""
        if self.popen.poll() is None:
            self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.wait()
            raise AssertionError(f"did not end on SIGTERM; stderr was:\n{self.stderr}") from None


def parse_line(line: str) -> dict | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def run(
    command: Sequence[str | Path],
    environment: Mapping[str, str] = {},
    **options,
) -> subprocess.CompletedProcess[str]:
    """Runs a program that ends by itself."""
    return subprocess.run(
        [str(part) for part in command],
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        **{"stdin": subprocess.DEVNULL, "timeout": PATIENCE_SECONDS, **options},
    )
