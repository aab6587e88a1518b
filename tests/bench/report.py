"""A run's tables, for people."""

from __future__ import annotations

from .figures import FIGURES, MIB, Results

MEASURES = (
    ("CPU µs", "cpu", 1e6, "{:.1f}"),
    ("rps", "rps", 1, "{:.0f}"),
    ("p50 µs", "p50", 1e6, "{:.0f}"),
    ("p99 µs", "p99", 1e6, "{:.0f}"),
    ("upstream/call", "upstream_requests", 1, "{:.3f}"),
)

EQUAL_NOTE = (
    "equal: concurrent Gets of one group, which share upstream requests in mutexd; "
    "distinct: each Get is of another group."
)


def table(rows: list[list[str]]) -> str:
    """Columns as wide as they must be; the first is text, the others stand on the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *others = (
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    lines.insert(1, "─" * len(lines[0]))
    return "\n".join(lines)


def number(value: float | None, form: str = "{:.2f}") -> str:
    return "–" if value is None else form.format(value)


def measured_table(results: Results, phases: dict[str, str], contenders: dict) -> str:
    """`phases` has titles by name, `contenders` the names of those that took part."""
    rows = [["phase", "who", *(title for title, *_ in MEASURES)]]
    for phase, title in phases.items():
        for contender in contenders[phase]:
            figures = []
            for _, measure, scale, form in MEASURES:
                value = results.of(phase, contender, measure)
                figures.append(number(None if value is None else value * scale, form))
            rows.append([title, contender, *figures])
            title = ""
    return table(rows)


def memory_table(memory: dict[str, dict[str, float]]) -> str:
    rows = [["memory after the run, MiB", "resident", "anonymous"]]
    for contender, figures in memory.items():
        rows.append(
            [contender, *(f"{figures[name] / MIB:.1f}" for name in ("resident", "anonymous"))]
        )
    return table(rows)


def sidecar_table(results: Results) -> str:
    rows = [["sidecar", "ms, MiB"]]
    for title, measure, scale in (
        ("start to ready", "ready", 1e3),
        ("start to first answer", "first_answer", 1e3),
        ("idle, resident", "idle_resident", 1 / MIB),
        ("idle, anonymous", "idle_anonymous", 1 / MIB),
    ):
        value = results.sidecar(measure)
        rows.append([title, number(None if value is None else value * scale, "{:.1f}")])
    return table(rows)


def figures_table(results: Results) -> str:
    rows = [["figure", "against", "measured", "must", "aim", ""]]
    for figure in FIGURES:
        value = figure.value(results)
        sign = "≥ " if figure.more_is_better else "≤ "
        rows.append(
            [
                figure.title,
                figure.against,
                f"{number(value)} {figure.unit}".strip(),
                "–" if figure.must is None else f"{sign}{figure.must:g}",
                "–" if figure.aim is None else f"{sign}{figure.aim:g}",
                figure.verdict(value),
            ]
        )
    return f"{table(rows)}\n{EQUAL_NOTE}"
