"""The examples of a guide as one program: in the order of the page, each followed by a line that
tells what it printed from what the next one prints.

In languages that need a frame around statements, the first example is the whole of a program, in
which one line says where the others go. Run as a program, this prints that of the C++ guide, for
CMake.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "tests" / "integration"))

from examples import Block, blocks  # noqa: E402

MARK = "-- end of example --"
CPP_MARK = f'std::cout << "{MARK}" << std::endl;'
PLACE = re.compile(r"^[ \t]*// The examples of this page go here\.\n", re.MULTILINE)


def examples(page: Path, fence: str) -> list[Block]:
    return [block for block in blocks(page, fence) if "live" not in block.tags]


def program(page: Path, fence: str, mark: str) -> str:
    """`mark` is the statement that prints the mark."""
    first, *others = (block.code for block in examples(page, fence))
    rest = "".join(f"{part}{mark}\n" for part in others)
    place = PLACE.search(first)
    if not place:
        return f"{first}{mark}\n{rest}"
    return f"{first[: place.start()]}{mark}\n{rest}{first[place.end() :]}"


if __name__ == "__main__":
    text = program(REPOSITORY / "docs" / "clients" / "cpp.md", "cpp", CPP_MARK)
    # The address is not known yet when this is compiled.
    print("#include <cstdlib>")
    print(text.replace('"gateway.example.com:443"', 'std::getenv("GATEWAY")'))
