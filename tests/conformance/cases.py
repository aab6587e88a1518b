"""The cases, as the files in cases/ describe them; README.md tells the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent / "cases"

CASE_KEYS = {
    "name",
    "title",
    "amplitude",
    "gateway",
    "service",
    "server",
    "files",
    "connect",  # of the steps that have none
    "steps",
    "after",
}
STEP_KEYS = {
    "connect",
    "call",
    "request",
    "timeout_ms",
    "correlation_id",
    "amplitude",
    "expect",
    "save",
}
EXPECTATIONS = {"response", "error", "mutex_groups_before"}
AFTERWARDS = {"upstream", "limits", "rpcs", "groups", "calls"}


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    described: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.described["steps"]


def load_cases() -> list[Case]:
    cases: list[Case] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for described in yaml.safe_load(path.read_text(encoding="utf-8")):
            cases.append(checked(path, described))
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"cases of the same name: {twice}"
    return cases


def checked(path: Path, described: dict[str, Any]) -> Case:
    """A misspelt key must not make a case that checks nothing."""
    # A case of one step is written without `steps`.
    if "steps" not in described:
        step = {key: described.pop(key) for key in STEP_KEYS & set(described) - CASE_KEYS}
        described["steps"] = [step]
    name = described.get("name")
    where = f"{path.name}: {name}"
    assert name, f"{path.name}: a case without a name: {described}"
    assert described.get("title"), f"{where}: has no title"
    only(where, described, CASE_KEYS)
    only(where, described.get("after", {}), AFTERWARDS)
    for step in described["steps"]:
        only(where, step, STEP_KEYS)
        assert "call" in step, f"{where}: a step without a call"
        assert step.get("expect"), f"{where}: a step that expects nothing"
        only(where, step["expect"], EXPECTATIONS)
    return Case(name, described["title"], described)


def only(where: str, given: dict[str, Any], known: set[str]) -> None:
    assert set(given) <= known, f"{where}: unknown keys {set(given) - known}"
