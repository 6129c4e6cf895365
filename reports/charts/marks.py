"""Marks of single values. Each range has a shape of its own beside its colour, so that a print in grey still tells."""

from __future__ import annotations

from django.utils.safestring import SafeString

from reports.charts.ranges import Range
from reports.charts.svg import element, number

# Corners around the value, in units of the mark's radius: downwards for low, upwards for high, larger when beyond.
_CORNERS = {
    Range.VERY_LOW: ((-1.5, -1.2), (1.5, -1.2), (0, 1.6)),
    Range.LOW: ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    Range.HIGH: ((-1.1, -1.1), (1.1, -1.1), (1.1, 1.1), (-1.1, 1.1)),
    Range.VERY_HIGH: ((-1.5, 1.2), (1.5, 1.2), (0, -1.6)),
}


def mark(x: float, y: float, name: Range, radius: float) -> SafeString:
    """A dot in range, a diamond when low, a square when high, a triangle pointing away when very low or very high."""
    class_name = f"range-{name.value}"
    if name is Range.IN_RANGE:
        return element("circle", class_=class_name, cx=x, cy=y, r=radius)
    points = " ".join(f"{number(x + dx * radius)},{number(y + dy * radius)}" for dx, dy in _CORNERS[name])
    return element("polygon", class_=class_name, points=points)
