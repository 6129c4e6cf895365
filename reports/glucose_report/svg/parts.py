"""The pictures of the report one by one, for a page that puts words of its own around them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from reports.charts.svg import picture
from reports.glucose_report.content import CurveSection, Day, Plot, RangesSection, ReportContent
from reports.glucose_report.svg.bar import standing_bar
from reports.glucose_report.svg.plots import labelled, plotted

# Read on phones as well: the letters are larger than on paper.
BAR_HEIGHT, BAR_LETTERS, BAR_SIDE = 210, 1.3, 274
DAY_WIDTH, DAY_HEIGHT, DAY_LEFT = 130, 78, 24


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int
    left: int
    right: int
    letters: float


WIDE = Size(820, 290, 34, 34, 10)
# Drawn for phones in their own proportions: scaled down, the words of the wide one could not be read.
NARROW = Size(360, 300, 30, 32, 10)


def ranges_picture(section: RangesSection, name: str) -> SafeString:
    if section.missing:
        return SafeString("")
    parts = standing_bar(section, name, x=0, y=8, height=BAR_HEIGHT, letters=BAR_LETTERS, side=BAR_SIDE)
    return picture(
        name,
        width=BAR_SIDE + 84,
        height=BAR_HEIGHT + 18,
        title=section.title,
        description=section.description,
        children=parts,
    )


def curve_picture(section: CurveSection, name: str, size: Size) -> SafeString:
    if section.plot is None:
        return SafeString("")
    plot = _fewer_hours(section.plot) if size is NARROW else section.plot
    box: dict[str, float] = {
        "x": size.left,
        "y": 10,
        "width": size.width - size.left - size.right,
        "height": size.height - 34,
    }
    return picture(
        name,
        width=size.width,
        height=size.height,
        title=section.title,
        description=f"{section.description}. {plot.description}",
        children=[*plotted(plot, **box), *labelled(plot, **box, size=size.letters)],
    )


def day_picture(day: Day, name: str) -> SafeString:
    box: dict[str, float] = {"x": DAY_LEFT, "y": 2, "width": DAY_WIDTH - DAY_LEFT - 2, "height": DAY_HEIGHT - 4}
    return picture(
        name,
        width=DAY_WIDTH,
        height=DAY_HEIGHT,
        title=f"{day.weekday} {day.date}",
        description=day.plot.description,
        children=[*plotted(day.plot, **box), *labelled(day.plot, **box, size=9)],
    )


def day_pictures(content: ReportContent) -> list[tuple[Day, SafeString]]:
    return [(day, day_picture(day, f"report-day-{number}")) for number, day in enumerate(content.days.days)]


def _fewer_hours(plot: Plot) -> Plot:
    return Plot(plot.shapes, plot.left, plot.right, plot.bottom[::2], plot.description)
