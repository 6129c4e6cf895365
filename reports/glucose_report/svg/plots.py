"""A plot of the content as elements of an SVG."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.safestring import SafeString

from reports.charts.svg import element, number, text
from reports.glucose_report.content import Label, Plot, Shape
from reports.glucose_report.svg.paint import AREAS, INK, LINES, QUIET


def plotted(plot: Plot, *, x: float, y: float, width: float, height: float) -> Iterator[SafeString]:
    """The shapes; ``x`` and ``y`` are the corner at the top left."""
    for shape in plot.shapes:
        joined = " ".join(f"{number(x + right * width)},{number(y + (1 - up) * height)}" for right, up in shape.points)
        yield _shape(shape, joined)


def labelled(plot: Plot, *, x: float, y: float, width: float, height: float, size: float) -> Iterator[SafeString]:
    for label in plot.left:
        yield _words(label, x - 4, y + (1 - label.at) * height + size * 0.36, "end", size)
    for label in plot.right:
        yield _words(label, x + width + 4, y + (1 - label.at) * height + size * 0.36, "start", size)
    for label in plot.bottom:
        yield _words(label, x + label.at * width, y + height + size * 1.5, "middle", size)


def _shape(shape: Shape, joined: str) -> SafeString:
    if shape.kind == "area":
        return element("polygon", class_=f"report-{shape.style}", points=joined, **AREAS[shape.style])
    return element(
        "polyline",
        class_=f"report-{shape.style}",
        points=joined,
        fill="none",
        stroke_linejoin="round",
        **LINES[shape.style],
    )


def _words(label: Label, x: float, y: float, anchor: str, size: float) -> SafeString:
    weight = "600" if label.is_target else "400"
    return text(
        label.text,
        x=x,
        y=y,
        text_anchor=anchor,
        font_size=size,
        font_weight=weight,
        fill=INK if label.is_target else QUIET,
    )
