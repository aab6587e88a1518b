#!/usr/bin/env python3
"""Finds expressions with co_await that g++ 12 compiles into code that destroys objects twice.

What is made by braces, or is a closure with captures by value, as a temporary beside a co_await is
copied bit by bit into the coroutine's frame and destroyed in both places. The same goes for a
choice between two awaits. Naming the object in a statement of its own, or if and else, avoids it.
An await that && or || may skip ends in an illegal instruction.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

AWAIT = re.compile(r"\bco_await\b")
STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*')
BRACED_ARGUMENT = re.compile(r"[(,]\s*\{|[(,]\s*[A-Z][\w:]*\{")
# By reference, or nothing but `this`: such closures may be copied as often as one likes.
CLOSURE = re.compile(r"\[(?P<captures>[^\]]*)\]\s*(?:\([^)]*\)[^{]*)?\{")
HARMLESS_CAPTURE = re.compile(r"\s*(?:&\w*|this)\s*")
SKIPPED = re.compile(r"(?:&&|\|\|)\s*!?\s*\(?\s*co_await$")
CHOICE = re.compile(r"\?\s*co_await\b|:\s*co_await\b[^;]*$")


def expression(text: str, start: int) -> str:
    """From an await to the end of its full expression."""
    depth = 0
    for position in range(start, len(text)):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
            if depth < 0:
                return text[start:position]
        elif text[position] == ";" and depth == 0:
            return text[start:position]
    return text[start:]


def is_hazardous(awaited: str) -> bool:
    if BRACED_ARGUMENT.search(awaited):
        return True
    return any(
        match["captures"].strip()
        and not all(HARMLESS_CAPTURE.fullmatch(part) for part in match["captures"].split(","))
        for match in CLOSURE.finditer(awaited)
    )


def violations(root: Path) -> Iterator[str]:
    for path in sorted((root / "service").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        text = STRING_OR_COMMENT.sub(
            lambda match: '""' if match[0][0] == '"' else "", path.read_text(encoding="utf-8")
        )
        for match in AWAIT.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if is_hazardous(expression(text, match.start())):
                yield f"{path.relative_to(root)}:{line}: name this temporary before the co_await"
            if SKIPPED.search(text[: match.end()]):
                yield f"{path.relative_to(root)}:{line}: await in a statement of its own"
            if CHOICE.search(text[max(0, match.start() - 3) : match.end()]):
                yield f"{path.relative_to(root)}:{line}: choose with if and else, not ?:"


def main() -> int:
    found = list(violations(Path(__file__).resolve().parents[1]))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
