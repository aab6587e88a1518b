"""Every shell example of the book does what its page shows: a page's are run in order, in an empty
folder, against a sandbox of its own. Those of the guides are run by tests/docs/guides."""

from __future__ import annotations

import pytest

from book import run_shell, service
from examples import blocks
from process import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = sorted(
    page for page in DOCS.rglob("*.md") if blocks(page, "sh") and page.parent.name != "clients"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_shell_example_does_what_its_page_shows(page, tmp_path):
    with service(page) as addresses:
        run_shell(page, tmp_path, addresses)
