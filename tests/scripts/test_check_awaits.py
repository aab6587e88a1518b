"""The check of co_await catches what g++ 12 miscompiles, and leaves the rest alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

import check_awaits  # noqa: E402


@pytest.fixture
def check(tmp_path):
    def run(text: str) -> list[str]:
        source = tmp_path / "service" / "a.cc"
        source.parent.mkdir(exist_ok=True)
        source.write_text(text)
        return list(check_awaits.violations(tmp_path))

    return run


def test_the_repository_has_none():
    assert list(check_awaits.violations(REPOSITORY)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "co_await List(call, {.limit = 1});",
        "co_await List(call,\n  {.limit = limit_, .cursor = cursor_});",
        "co_await List(ListQuery{.limit = 1});",
        "co_await Settle(id, GoalThat(before, [edit](const G& now) { return Holds(now, edit); }));",
        "co_await Run([&x, text = std::move(text)] { return x; });",
        "auto x = c ? co_await F() : 0;",
        "auto x = c ? 0 : co_await F();",
        "if (a && !co_await F()) return;",
        "if (a || (co_await F()).ok()) return;",
    ],
)
def test_finds_temporaries_and_choices(check, statement):
    assert len(check(f"// a file\n{statement}\n")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "co_await List(call, std::move(query));",
        "co_await Run([this] { return Read(); });",
        "co_await Run([&response, &key] { return Decode(response); });",
        "co_await Run([] { return 1; });",
        "if (co_await Cancelled()) { Goal goal{.a = 1}; }",
        "co_await Next(); Goal goal{.a = 1};",
        "// co_await List({.limit = 1});",
        'Log("co_await List({})");',
    ],
)
def test_leaves_the_rest_alone(check, statement):
    assert check(f"{statement}\n") == []
