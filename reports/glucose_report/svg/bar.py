"""Time in ranges as a standing bar with its words. Each part has a pattern as well as a colour."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.safestring import SafeString

from reports.charts.svg import element, text
from reports.glucose_report.content import RangePart, RangesSection
from reports.glucose_report.svg.paint import EMPTY, INK, QUIET, bar_colour

LEFT, WIDE = 30.0, 36.0
PERCENT, SIDE = LEFT + WIDE + 14, LEFT + WIDE + 176
# Room for three digits and a sign.
SHARE = 36.0
# What is drawn in a square of eight; in range stays plain.
STROKES = {
    "very-low": "M0 8L8 0M0 0L8 8",
    "low": "M0 8L8 0",
    "high": "M0 0L8 8",
    "very-high": "M0 2L8 2M0 6L8 6",
}


def standing_bar(
    section: RangesSection, name: str, *, x: float, y: float, height: float, letters: float = 1.0, side: float = SIDE
) -> Iterator[SafeString]:
    """``name`` begins the ids of the patterns, and is unique on its page. ``letters``: their size against that on
    paper; ``side``: where the combined shares stand."""
    yield element("defs", *(_pattern(name, part.name) for part in section.parts if part.name in STROKES))
    for part in section.parts:
        yield from _part(part, name, x, y, height, letters)
    for goal in section.goals:
        begins, ends = y + (1 - goal.begins) * height, y + (1 - goal.ends) * height
        yield element(
            "path",
            d=f"M{x + side - 10:.1f} {begins:.1f}h5V{ends:.1f}h-5",
            fill="none",
            stroke=QUIET,
            stroke_width=0.7,
        )
        middle = (begins + ends) / 2
        yield text(goal.percent, x=x + side, y=middle - 1, font_size=10.5 * letters, font_weight="600", fill=INK)
        for line, words in enumerate((goal.label, goal.goal)):
            if words:
                yield text(words, x=x + side, y=middle + (8 + 9 * line) * letters, font_size=7 * letters, fill=QUIET)


def _part(part: RangePart, name: str, x: float, y: float, height: float, letters: float) -> Iterator[SafeString]:
    top, bottom = y + (1 - part.top) * height, y + (1 - part.bottom) * height
    box: dict[str, float] = {"x": x + LEFT, "y": top, "width": WIDE, "height": bottom - top}
    yield element(
        "rect", class_=f"report-bar-{part.name}", fill=EMPTY if part.is_empty else bar_colour(part.name), **box
    )
    if not part.is_empty and part.name in STROKES:
        yield element("rect", fill=f"url(#{name}-{part.name})", **box)
    yield element("path", d=f"M{x + LEFT:.1f} {top:.1f}h{WIDE:.1f}", stroke="#fff", stroke_width=1)
    told, words = y + (1 - part.label_at) * height, x + PERCENT + SHARE * letters
    yield element(
        "polyline",
        points=f"{x + LEFT + WIDE + 1:.1f},{(top + bottom) / 2:.1f} "
        f"{x + PERCENT - 6:.1f},{told:.1f} {x + PERCENT - 3:.1f},{told:.1f}",
        fill="none",
        stroke=QUIET,
        stroke_width=0.6,
    )
    if part.limit:
        limit_y = y + (1 - part.limit_at) * height + 3
        yield text(part.limit, x=x + LEFT - 4, y=limit_y, text_anchor="end", font_size=7.5 * letters, fill=QUIET)
    yield text(part.percent, x=x + PERCENT, y=told + 2, font_size=10.5 * letters, font_weight="600", fill=INK)
    yield text(part.label, x=words, y=told + 1, font_size=9 * letters, font_weight="600", fill=INK)
    said = f"{part.limits} · {part.goal}" if part.goal else part.limits
    yield text(said, x=words, y=told + 9 * letters, font_size=7 * letters, fill=QUIET)


def _pattern(name: str, part: str) -> SafeString:
    return element(
        "pattern",
        element("path", d=STROKES[part], stroke="#fff", stroke_width=0.9, fill="none"),
        id=f"{name}-{part}",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )
