"""Time in ranges as one bar. Each part has a pattern as well as a colour; the page writes the percentages below it."""

from __future__ import annotations

from django.utils.safestring import SafeString

from reports.charts.ranges import Range, whole_percents
from reports.charts.svg import element, picture, text

HEIGHT = 44
# Room that a number of two digits and its sign need.
_NUMBER_WIDTH = 46


def range_bar(name: str, counts: dict[Range, int], *, width: int, description: str) -> SafeString:
    """From very low on the left to very high on the right. Empty without readings."""
    percents = whole_percents(counts)
    total = sum(counts.values())
    if not total:
        return SafeString("")
    parts: list[SafeString] = []
    x = 0.0
    for part in Range:
        length = width * counts.get(part, 0) / total
        if length:
            box: dict[str, float] = {"x": x, "y": 0, "width": length, "height": HEIGHT}
            parts.append(element("rect", class_=f"bar-{part.value}", **box))
            parts.append(element("rect", fill=f"url(#{name}-{part.value})", **box))
        if length >= _NUMBER_WIDTH:
            parts.append(text(f"{percents[part]}%", class_="bar-number", x=x + length / 2, y=29, text_anchor="middle"))
        x += length
    return picture(
        name,
        width=width,
        height=HEIGHT,
        title="Time in ranges",
        description=description,
        children=[element("defs", *(_pattern(name, part) for part in Range if part in _STROKES)), *parts],
    )


# Lines of a pattern in a square of eight; in range stays plain.
_STROKES = {
    Range.VERY_LOW: "M0 8L8 0M-2 2L2 -2M6 10L10 6M0 0L8 8M-2 6L2 10M6 -2L10 2",
    Range.LOW: "M0 8L8 0M-2 2L2 -2M6 10L10 6",
    Range.HIGH: "M0 0L8 8M-2 6L2 10M6 -2L10 2",
    Range.VERY_HIGH: "M0 2L8 2M0 6L8 6",
}


def _pattern(name: str, part: Range) -> SafeString:
    return element(
        "pattern",
        element("path", class_="bar-pattern", d=_STROKES[part]),
        id=f"{name}-{part.value}",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )
