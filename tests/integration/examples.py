"""The examples of the documentation's pages, and what they must print.

An example is a fenced block, and what it prints the block right behind it, ```text or ```json,
where a line of nothing but an ellipsis stands for any lines. Words behind the language say more
of it:
  fails       it must fail, and what is shown is all of its output
  file=NAME   it is the content of a file that later examples name
  live        it needs what a test does not have: Amplitude itself, a package registry, many minutes
  serves      it starts the service that the page's other examples call
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"^```(?P<language>[a-z]*)(?P<tags>[^\n]*)\n(?P<code>.*?)^```$"
    r"(?:\n<details><summary>Output</summary>\n)?"
    r"(?:\n```(?P<kind>json|text)\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
# What differs from run to run, wherever it stands in an answer.
TIMES = {"create_time", "update_time", "read_time"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Block:
    language: str
    tags: list[str]
    code: str
    kind: str | None
    output: str | None


def all_blocks(page: Path) -> list[Block]:
    """What is fenced, in the order of the page; what a block prints is part of it."""
    text = page.read_text()
    fences = len(re.findall(r"^```", text, re.MULTILINE))
    found = list(BLOCK.finditer(text))
    assert fences == sum(4 if match["kind"] else 2 for match in found), f"{page}: broken fences"
    return [
        Block(
            match["language"], match["tags"].split(), match["code"], match["kind"], match["output"]
        )
        for match in found
    ]


def blocks(page: Path, language: str) -> list[Block]:
    """The examples in one language."""
    return [block for block in all_blocks(page) if block.language == language]


def masked(value):
    """An answer with its times made equal, once they are seen to be times, and its names in the
    form of the protos, which some versions of grpcurl write and others do not."""
    if isinstance(value, dict):
        value = {re.sub(r"[A-Z]", lambda c: f"_{c[0].lower()}", k): v for k, v in value.items()}
        for key in TIMES & value.keys():
            assert TIMESTAMP.fullmatch(value[key]), value[key]
        return {k: "TIME" if k in TIMES else masked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(element) for element in value]
    if isinstance(value, str):  # the emulator's address
        return re.sub(r"^http://127\.0\.0\.1:\d+/", "http://SANDBOX/", value)
    return value


def masked_text(text: str) -> str:
    """The same for answers that are not JSON alone: names, generated request ids."""
    text = re.sub(r'"\w+":', lambda m: re.sub(r"[A-Z]", lambda c: f"_{c[0].lower()}", m[0]), text)
    text = TIMESTAMP.sub("TIME", text)
    text = re.sub(r"http://127\.0\.0\.1:\d+/", "http://SANDBOX/", text)
    text = re.sub(r"(request id: +)\S+", r"\1…", text)
    return re.sub(r'"request_id": "[0-9a-f]{32}"', '"request_id": "…"', text).strip()


def shows(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed."""
    lines = [
        r"(?:.*\n)*?" if line.strip() in ("…", "...") else re.escape(line.rstrip()) + r"[ \t]*\n"
        for line in masked_text(shown).splitlines()
    ]
    text = "".join(f"{line}\n" for line in masked_text(printed).splitlines())
    return re.fullmatch("".join(lines), text) is not None
