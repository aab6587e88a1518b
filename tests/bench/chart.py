"""A run's medians as an SVG picture: one panel for each measure, one bar for each gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from .figures import MIB, Results

GATEWAYS = {"mutexd": "mutexd", "envoy": "Envoy", "grpc-go": "grpc-go"}
COLORS = {"mutexd": "#0b6e4f", "envoy": "#a9b4c2", "grpc-go": "#c9d1da"}
INK, FAINT = "#1f2933", "#616e7c"

WIDTH, MARGIN, GAP = 860, 24, 28
COLUMNS = 2
PANEL_WIDTH = (WIDTH - 2 * MARGIN - GAP) // COLUMNS
TITLE_HEIGHT, BAR_HEIGHT, BAR_GAP = 26, 20, 6
PANEL_HEIGHT = TITLE_HEIGHT + len(GATEWAYS) * (BAR_HEIGHT + BAR_GAP) + 18
HEAD_HEIGHT = 58
LABEL_WIDTH, VALUE_WIDTH = 62, 78


@dataclass(frozen=True)
class Panel:
    title: str
    unit: str
    value: Callable[[Results, str], float | None]
    form: str = "{:,.0f}"


def measured(phase: str, measure: str, scale: float) -> Callable[[Results, str], float | None]:
    def value(results: Results, gateway: str) -> float | None:
        figure = results.of(phase, gateway, measure)
        return None if figure is None else figure * scale

    return value


def resident(results: Results, gateway: str) -> float | None:
    figure = results.resident(gateway)
    return None if figure is None else figure / MIB


PANELS = (
    Panel("CPU time of a small Get, all of one group", "µs", measured("get", "cpu", 1e6)),
    Panel("CPU time, each of another group", "µs", measured("distinct", "cpu", 1e6)),
    Panel("p99, 200 at a time, each of another", "ms", measured("distinct", "p99", 1e3), "{:.1f}"),
    Panel("median of a small Get, one at a time", "µs", measured("get1", "p50", 1e6)),
    Panel("median of a List of 1,000", "ms", measured("list", "p50", 1e3), "{:.1f}"),
    Panel("resident memory after the run", "MiB", resident),
)


def text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(words)}</text>'


def panel(results: Results, drawn: Panel, left: float, top: float) -> list[str]:
    values = {gateway: drawn.value(results, gateway) for gateway in GATEWAYS}
    largest = max((value for value in values.values() if value), default=1)
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH
    parts = [text(left, top + 14, drawn.title, f'font-weight="600" fill="{INK}"')]
    for row, (gateway, value) in enumerate(values.items()):
        y = top + TITLE_HEIGHT + row * (BAR_HEIGHT + BAR_GAP)
        baseline = y + BAR_HEIGHT - 6
        parts.append(text(left, baseline, GATEWAYS[gateway], f'fill="{INK}"'))
        if value is None:
            continue
        width = max(1, value / largest * room)
        parts.append(
            f'<rect x="{left + LABEL_WIDTH:g}" y="{y:g}" width="{width:.1f}" '
            f'height="{BAR_HEIGHT}" rx="2" fill="{COLORS[gateway]}"/>'
        )
        told = f"{drawn.form.format(value)} {drawn.unit}".strip()
        parts.append(text(left + LABEL_WIDTH + width + 6, baseline, told, f'fill="{FAINT}"'))
    return parts


def draw(results: Results, subtitle: str) -> str:
    rows = -(-len(PANELS) // COLUMNS)
    height = MARGIN + HEAD_HEIGHT + rows * PANEL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-size="13" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
        "<title>mutexd beside Envoy and a grpc-go gateway</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        text(
            MARGIN,
            MARGIN + 14,
            "mutexd beside Envoy and a grpc-go gateway",
            f'font-size="17" font-weight="700" fill="{INK}"',
        ),
        text(MARGIN, MARGIN + 34, subtitle, f'fill="{FAINT}"'),
    ]
    for index, drawn in enumerate(PANELS):
        row, column = divmod(index, COLUMNS)
        left = MARGIN + column * (PANEL_WIDTH + GAP)
        parts += panel(results, drawn, left, MARGIN + HEAD_HEIGHT + row * PANEL_HEIGHT)
    return "\n".join([*parts, "</svg>", ""])
