"""Counts by the hour of the day, as 24 bars."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString

from reports.charts.svg import element, picture, text

WIDTH, HEIGHT, TOP, BOTTOM = 456, 190, 18, 24
NIGHT = (*range(6), 22, 23)


def hours_chart(name: str, counts: Sequence[int], *, title: str, description: str) -> SafeString:
    """Each bar with its number; the night has a ground of its own."""
    step, room, most = WIDTH / 24, HEIGHT - TOP - BOTTOM, max([*counts, 1])
    parts = [
        element("rect", class_="alarm-night", x=hour * step, y=0, width=step, height=HEIGHT - BOTTOM) for hour in NIGHT
    ]
    for hour, count in enumerate(counts):
        tall = room * count / most
        x, y = hour * step, HEIGHT - BOTTOM - tall
        parts.append(element("rect", class_="alarm-hour", x=x + 2.5, y=y, width=step - 5, height=tall))
        if count:
            parts.append(text(str(count), class_="chart-label", x=x + step / 2, y=y - 4, text_anchor="middle"))
        if hour % 3 == 0:
            parts.append(text(f"{hour:02}", class_="chart-label", x=x + step / 2, y=HEIGHT - 6, text_anchor="middle"))
    return picture(name, width=WIDTH, height=HEIGHT, title=title, description=description, children=parts)


def share_bar(share: float) -> SafeString:
    """One bar of a list; the number stands beside it in words."""
    return element(
        "svg",
        element("rect", x=0, y=0, width=100 * share, height=10),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
