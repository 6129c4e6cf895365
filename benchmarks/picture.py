"""The figures as bars in SVG, each ratio beside what it must and should be."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from benchmarks.report import Figure

WIDTH = 1060
LEFT = 430
BAR_WIDTH = 400
ROW_HEIGHT = 46
TOP = 40
COLOURS = {"aim reached": "#2e7d32", "must reached": "#9e9d24", "missed": "#c62828", "": "#546e7a"}


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Each bar has a scale of its own, up to the aim or the ratio, since a slowdown and a speed-up share no scale."""
    height = TOP + ROW_HEIGHT * len(figures) + 10
    rows = "".join(_row(figure, TOP + ROW_HEIGHT * number) for number, figure in enumerate(figures))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
        '<text x="10" y="22" font-size="14">Rates as ratios of a baseline in the same run '
        "(short line: must, long line: aim)</text>\n"
        f"{rows}</svg>\n"
    )


def _row(figure: Figure, top: int) -> str:
    aim = figure.target.aim if figure.target else 1.0
    scale = BAR_WIDTH / max(figure.ratio, aim)
    end = LEFT + figure.ratio * scale
    marks = ""
    if figure.target:
        marks = _mark(LEFT + figure.target.must * scale, top + 8, 12) + _mark(LEFT + aim * scale, top + 2, 24)
    return (
        f'<text x="10" y="{top + 14}">{escape(figure.work)}</text>\n'
        f'<text x="10" y="{top + 29}" fill="#666" font-size="11">/ {escape(figure.baseline_work)}</text>\n'
        f'<rect x="{LEFT}" y="{top + 4}" width="{end - LEFT:.1f}" height="20" fill="{COLOURS[figure.verdict]}"/>\n'
        f"{marks}"
        f'<text x="{LEFT + BAR_WIDTH + 12}" y="{top + 18}">{figure.ratio:.2f} ({figure.ours:,.0f} '
        f"{escape(figure.unit)})</text>\n"
    )


def _mark(x: float, y: int, height: int) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + height}" stroke="black" stroke-width="2"/>\n'
