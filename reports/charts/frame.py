"""What the pictures share: the plot's box, the glucose axis with the target band, and the time axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from analytics.units import MG_DL_PER_MMOL_L
from readings.units import format_glucose
from reports.charts.ranges import Target
from reports.charts.svg import element, text
from tenancy.models import GlucoseUnit

LOWEST, HIGHEST = 40, 400
# Room in the plot above and below the axis, where "High" and "Low" are marked: they have no place on the scale.
EDGE = 16
_TICKS = {GlucoseUnit.MG_DL: (100, 150, 200, 250, 300, 350, 400), GlucoseUnit.MMOL_L: (6, 8, 12, 14, 16, 20)}


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int
    left: int
    narrow: bool


WIDE = Size(width=960, height=380, left=52, narrow=False)
# Drawn for phones in their own proportions: scaled down, the words of the wide picture could not be read.
NARROW = Size(width=360, height=340, left=38, narrow=True)
RIGHT, TOP, BOTTOM = 8, 8, 40


@dataclass(frozen=True, slots=True)
class Frame:
    size: Size
    unit: str
    target: Target
    top_value: int

    @property
    def plot_left(self) -> int:
        return self.size.left

    @property
    def plot_right(self) -> int:
        return self.size.width - RIGHT

    @property
    def plot_top(self) -> int:
        return TOP

    @property
    def plot_bottom(self) -> int:
        return self.size.height - BOTTOM

    def x(self, share: float) -> float:
        return self.plot_left + share * (self.plot_right - self.plot_left)

    def y(self, glucose: float, flag: int = 0) -> float:
        """``flag`` -1 or 1 gives the edge, where only marks stand."""
        if flag < 0:
            return float(self.plot_bottom - EDGE / 2)
        if flag > 0:
            return float(self.plot_top + EDGE / 2)
        inner = self.plot_bottom - self.plot_top - 2 * EDGE
        share = (min(max(glucose, LOWEST), self.top_value) - LOWEST) / (self.top_value - LOWEST)
        return self.plot_bottom - EDGE - share * inner

    def background(self) -> Iterator[SafeString]:
        width = self.plot_right - self.plot_left
        yield element(
            "rect",
            class_="chart-plot",
            x=self.plot_left,
            y=self.plot_top,
            width=width,
            height=self.plot_bottom - self.plot_top,
        )
        top, bottom = self.y(self.target.high), self.y(self.target.low)
        yield element("rect", class_="chart-target", x=self.plot_left, y=top, width=width, height=bottom - top)
        for value in self._grid():
            yield self._line(value, "chart-grid")
            yield self._label(value, "chart-label")
        for value in self.target.limits:
            if value <= self.top_value:
                yield self._line(value, "chart-limit")
                yield self._label(value, "chart-label chart-label-limit")

    def time_ticks(self, ticks: Sequence[tuple[float, str, str]]) -> Iterator[SafeString]:
        """Each tick: its share of the width, a label, and a second line that may be empty."""
        for share, label, second in ticks:
            x = self.x(share)
            yield element("line", class_="chart-grid", x1=x, x2=x, y1=self.plot_top, y2=self.plot_bottom)
            edge = 0.1 if self.size.narrow else 0.04
            anchor = "start" if share < edge else "end" if share > 1 - edge else "middle"
            yield text(label, class_="chart-label", x=x, y=self.plot_bottom + 16, text_anchor=anchor)
            if second:
                yield text(
                    second, class_="chart-label chart-label-day", x=x, y=self.plot_bottom + 32, text_anchor=anchor
                )

    def _grid(self) -> list[float]:
        """Round numbers of the unit that leave room for the limits' own labels."""
        factor = MG_DL_PER_MMOL_L if self.unit == GlucoseUnit.MMOL_L else 1
        room = (self.top_value - LOWEST) * 14 / (self.plot_bottom - self.plot_top - 2 * EDGE)
        values = (tick * factor for tick in _TICKS[GlucoseUnit(self.unit)])
        return [
            value
            for value in values
            if value <= self.top_value and all(abs(value - limit) >= room for limit in self.target.limits)
        ]

    def _line(self, value: float, class_name: str) -> SafeString:
        y = self.y(value)
        return element("line", class_=class_name, x1=self.plot_left, x2=self.plot_right, y1=y, y2=y)

    def _label(self, value: float, class_name: str) -> SafeString:
        shown = format_glucose(value, self.unit)
        return text(shown, class_=class_name, x=self.plot_left - 6, y=self.y(value) + 4, text_anchor="end")


def frame_for(size: Size, unit: str, target: Target, highest: int) -> Frame:
    """The axis ends at 300 mg/dL, or at the sensors' 400 where something lies above 290."""
    return Frame(size, unit, target, HIGHEST if highest > 290 else 300)
