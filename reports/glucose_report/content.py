"""Everything that stands on the report, in words and numbers of its language. Both the screen and the PDF only draw it.

Nothing here is computed any more: who renders it can neither round nor translate.
"""

from __future__ import annotations

from dataclasses import dataclass

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RangePart:
    """``name`` as in ``reports.charts.ranges``. ``bottom`` to ``top`` is its place in the bar, 0 to 1 from below;
    ``label_at`` that of its words, and ``limit_at`` that of ``limit``, the range's lower end (empty for the lowest)."""

    name: str
    label: str
    limits: str
    percent: str
    goal: str
    is_empty: bool
    bottom: float
    top: float
    label_at: float
    limit: str
    limit_at: float


@dataclass(frozen=True, slots=True)
class RangeGoal:
    """Two ranges in one figure. ``begins`` to ``ends``: the places of their words, joined by a bracket."""

    name: str
    label: str
    percent: str
    goal: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class RangesSection:
    """``parts`` from the top of the bar (very high) down."""

    title: str
    subtitle: str
    description: str
    parts: tuple[RangePart, ...]
    goals: tuple[RangeGoal, ...]
    notes: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    label: str
    value: str
    unit: str
    goal: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class MetricsSection:
    title: str
    metrics: tuple[Metric, ...]
    notes: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """``kind``: area (closed and filled) or line. ``points`` between 0 and 1: from left to right, from bottom to top.
    ``style``: its name in the style sheet and in the template."""

    kind: str
    style: str
    points: Points


@dataclass(frozen=True, slots=True)
class Label:
    """``at`` between 0 and 1 along its side of the plot."""

    at: float
    text: str
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    shapes: tuple[Shape, ...]
    left: tuple[Label, ...] = ()
    right: tuple[Label, ...] = ()
    bottom: tuple[Label, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class CurveSection:
    title: str
    description: str
    unit: str
    plot: Plot | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """``in_range`` and ``mean`` are empty, and ``missing`` says so, where the day has no readings."""

    weekday: str
    date: str
    mean: str
    in_range: str
    plot: Plot
    missing: str = ""
    is_weekend: bool = False


@dataclass(frozen=True, slots=True)
class DaysSection:
    title: str
    description: str
    days: tuple[Day, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """``warnings`` stand under the header: why figures must be read with care. ``unprintable``: one more, where a name
    has letters that no font of the PDF has."""

    language: str
    paper: str
    title: str
    clinic: str
    patient_name: str
    patient: tuple[Fact, ...]
    period: tuple[Fact, ...]
    warnings: tuple[str, ...]
    unprintable: str
    ranges: RangesSection
    metrics: MetricsSection
    curve: CurveSection
    days: DaysSection
    signature: tuple[str, ...]
    footer: tuple[str, ...]
    page: str
