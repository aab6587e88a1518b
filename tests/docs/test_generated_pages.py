"""The pages that are generated are those that would be generated now."""

from __future__ import annotations

from process import REPOSITORY, binary, run


def test_references_are_up_to_date():
    folder = str(binary("mutexctl").parent)
    done = run([REPOSITORY / "scripts" / "docs", "--check"], {"MUTEXD_BIN_DIR": folder})
    assert done.returncode == 0, done.stderr
