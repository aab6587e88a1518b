"""Callers beside a test, who go on while it does something to the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from fake_amplitude import wait_until


class Callers:
    """Threads that call until the end of a `with` block, each one call after another."""

    def __init__(self, calls: Sequence[Iterable[Callable[[], object]]]):
        """`calls` has for each thread what it calls in turn, without an end."""
        self._stop = threading.Event()
        self._answered = [0] * len(calls)
        self._threads = [threading.Thread(target=self._run, args=turn) for turn in enumerate(calls)]
        self.failures: list[str] = []

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int, calls: Iterable[Callable[[], object]]) -> None:
        for call in calls:
            if self._stop.is_set():
                break
            try:
                call()
                self._answered[number] += 1
            except Exception as error:
                self.failures.append(str(error))

    def wait_for_answers(self, count: int) -> None:
        """So many more to each of them; or a failure, which the test will find."""
        goals = [answered + count for answered in self._answered]
        wait_until(
            lambda: (
                self.failures
                or all(now >= goal for now, goal in zip(self._answered, goals, strict=True))
            ),
            f"{count} more answers to each caller",
        )
