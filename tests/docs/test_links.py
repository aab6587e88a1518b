"""Links between pages lead to a file that is there and to a heading in it, and the table of
contents has every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from process import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(REPOSITORY / "client").glob("*/*.md"),
        REPOSITORY / "tests" / "conformance" / "README.md",
    ]
)
LINK = re.compile(r"\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked, made as GitHub makes them."""
    names: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        count = 1
        unique = name
        while unique in names:
            unique = f"{name}-{count}"
            count += 1
        names.add(unique)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page):
    wrong = []
    for link in LINK.finditer(prose(page)):
        if "://" in link["path"] or link["path"].startswith("mailto:"):
            continue
        target = page.parent / link["path"] if link["path"] else page
        missing_heading = link["anchor"] and link["anchor"] not in anchors(target)
        if not target.exists() or missing_heading:
            wrong.append(link[0])
    assert not wrong


def test_the_table_of_contents_has_every_page():
    contents = DOCS / "README.md"
    linked = {
        (DOCS / link["path"]).resolve() for link in LINK.finditer(prose(contents)) if link["path"]
    }
    pages = {page for page in DOCS.rglob("*.md") if page != contents and page.parent.name != "adr"}
    assert pages <= linked, sorted(str(page.relative_to(DOCS)) for page in pages - linked)
