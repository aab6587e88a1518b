"""Runs the cases through the clients that are there, and prints the matrix."""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

from process import binary
from tests.conformance import matrix
from tests.conformance.cases import Case, load_cases
from tests.conformance.runner import RUNNERS, Column, Runner, build, columns
from tests.conformance.trial import run_trial
from tests.conformance.world import make_certificates

# The last row of the matrix: each runner ends with its input, in good order.
END = "end-of-input"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/conformance/run", description=__doc__)
    languages = sorted(path.parent.name for path in RUNNERS.glob("*/run"))
    parser.add_argument("language", nargs="*", metavar="LANGUAGE", help=", ".join(languages))
    parser.add_argument(
        "--case", default="", metavar="NAME", help="only cases with this in the name"
    )
    parser.add_argument("--list", action="store_true", help="print the cases and run none")
    arguments = parser.parse_args()
    unknown = set(arguments.language) - set(languages)
    if unknown:
        parser.error(f"no runner of {', '.join(sorted(unknown))}; there are {', '.join(languages)}")
    arguments.language = arguments.language or languages
    return arguments


def run_column(column: Column, cases: list[Case], folder: Path, outcomes: matrix.Outcomes) -> None:
    certificates = folder / "certificates"
    with Runner(column.language, folder / f"{column.name.replace('/', '-')}.log") as runner:
        for case in cases:
            with tempfile.TemporaryDirectory(prefix="conformance-") as own:
                problem = run_trial(case, column, runner, certificates, Path(own))
            outcomes.add(case.name, column.name, problem)
        outcomes.add(END, column.name, runner.stop())


def main() -> int:
    arguments = parse_arguments()
    cases = [case for case in load_cases() if arguments.case in case.name]
    if not cases:
        print(f"no case is called {arguments.case}", file=sys.stderr)
        return 2
    if arguments.list:
        print(*(f"{case.name}: {case.title}" for case in cases), sep="\n")
        return 0
    binary("mutexd")  # or fail at once
    for language in arguments.language:
        build(language)
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        make_certificates(Path(folder) / "certificates")
        found = [column for language in arguments.language for column in columns(language)]
        outcomes = matrix.Outcomes()
        threads = [
            threading.Thread(target=run_column, args=(column, cases, Path(folder), outcomes))
            for column in found
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    names = [*(case.name for case in cases), END]
    print(matrix.render(names, [column.name for column in found], outcomes))
    return 0 if outcomes.all_passed(len(names) * len(found)) else 1


if __name__ == "__main__":
    sys.exit(main())
