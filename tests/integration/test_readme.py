"""The README does what it says: its shell blocks are run in order against the sandbox that
scripts/run starts, and what they print is what the page shows. tests/docs has the other pages."""

from __future__ import annotations

import re

from book import run_shell, service
from process import REPOSITORY, binary, run

PAGE = REPOSITORY / "README.md"
README = PAGE.read_text()


def test_every_block_does_what_the_page_shows(tmp_path):
    with service(PAGE) as addresses:
        assert run_shell(PAGE, tmp_path, addresses) >= 14


def test_every_rpc_has_a_line():
    service = (REPOSITORY / "proto/mutexgroups/v1/mutex_group_service.proto").read_text()
    for method in re.findall(r"^  rpc (\w+)\(", service, re.MULTILINE):
        assert re.search(rf"grpcurl .*MutexGroupService/{method}$", README, re.MULTILINE), method


def test_live_needs_a_key():
    """`scripts/run --live` says what is missing before it builds or serves anything."""
    done = run([REPOSITORY / "scripts" / "run", "--live"])
    assert done.returncode != 0
    assert "AMPLITUDE_MANAGEMENT_KEY" in done.stderr


def test_configuration_table_is_that_of_the_help():
    help_text = run([binary("mutexd"), "--help"]).stdout
    entry = re.compile(r"^  (--[a-z-]+)(?: (\S+))?\n((?:      .*\n)+)", re.MULTILINE)
    rows = []
    for flag, value, text in entry.findall(help_text):
        meaning = re.sub(r" \[MUTEXD_[A-Z_]+\]$", "", " ".join(text.split()))
        rows.append((f"{flag} {value}".strip(), meaning))
    table = re.findall(r"^\| `(--[^`]+)` \| (.*) \|$", README, re.MULTILINE)
    table = [(flag.replace("\\|", "|"), meaning) for flag, meaning in table]
    assert table == [row for row in rows if row[0] != "--help"]
