"""Compares what came with what a case says.

An object expects at least its members, a list exactly its elements, anything else an equal value.
An object with one member that begins with `$` is one of MATCHERS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def _all_match(patterns: Any, value: Any) -> bool:
    return isinstance(value, str) and all(re.search(one, value) for one in patterns)


MATCHERS: dict[str, Callable[[Any, Any], bool]] = {
    "$length": lambda expected, value: hasattr(value, "__len__") and len(value) == expected,
    "$matches": lambda expected, value: _all_match([expected], value),
    "$matches_all": _all_match,
    "$lacks": lambda expected, value: expected not in str(value),
    "$one_of": lambda expected, value: value in expected,
    "$between": lambda expected, value: (
        isinstance(value, (int, float)) and expected[0] <= value <= expected[1]
    ),
    "$absent": lambda expected, value: value in (None, "", {}, []),
    "$is": lambda expected, value: value == expected,
}


def differences(expected: Any, value: Any, path: str = "") -> list[str]:
    """What is not as expected, each with its path; empty where all is."""
    if isinstance(expected, dict):
        matcher = next(iter(expected), "") if len(expected) == 1 else ""
        if matcher.startswith("$"):
            fine = MATCHERS[matcher](expected[matcher], value)
            return [] if fine else [f"{path}: {value!r} is not {expected}"]
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is not an object as {expected}"]
        return [
            difference
            for name, member in expected.items()
            for difference in differences(member, value.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list):
        if not isinstance(value, list) or len(value) != len(expected):
            return [f"{path}: {value!r} is not {expected}"]
        return [
            difference
            for position, (one, other) in enumerate(zip(expected, value, strict=True))
            for difference in differences(one, other, f"{path}[{position}]")
        ]
    # A flag is not a number, and a number is not its text.
    same = type(expected) is type(value) and expected == value
    return [] if same else [f"{path}: {value!r} is not {expected!r}"]
