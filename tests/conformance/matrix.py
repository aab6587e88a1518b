"""What came of each case in each language, as text."""

from __future__ import annotations

import threading


class Outcomes:
    """Filled in by a thread for each language."""

    def __init__(self):
        self._lock = threading.Lock()
        self._problems: dict[tuple[str, str], str | None] = {}

    def add(self, case: str, column: str, problem: str | None) -> None:
        """Without a problem the case has passed."""
        with self._lock:
            self._problems[case, column] = problem

    def of(self, case: str, column: str) -> str:
        if (case, column) not in self._problems:
            return "not run"
        return "ok" if self._problems[case, column] is None else "FAILED"

    def problems(self) -> list[tuple[str, str, str]]:
        found = ((*key, problem) for key, problem in self._problems.items() if problem is not None)
        return sorted(found)

    def all_passed(self, count: int) -> bool:
        """Whether as many as this were run, and none failed."""
        return len(self._problems) == count and not self.problems()


def render(cases: list[str], columns: list[str], outcomes: Outcomes) -> str:
    width = max(map(len, [*cases, "case"]))
    lines = ["  ".join(["case".ljust(width), *columns])]
    for case in cases:
        cells = [outcomes.of(case, column).ljust(len(column)) for column in columns]
        lines.append("  ".join([case.ljust(width), *cells]).rstrip())
    problems = [
        f"\n{column}: {case}\n{problem.rstrip()}" for case, column, problem in outcomes.problems()
    ]
    passed = sum(outcomes.of(case, column) == "ok" for case in cases for column in columns)
    total = len(cases) * len(columns)
    sizes = f"{len(cases)} rows, {len(columns)} columns: {passed} of {total} passed"
    return "\n".join([*lines, *problems, "", sizes])
