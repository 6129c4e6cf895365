"""Analyses as a table for a terminal: metrics down, people across."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analytics.csv_file import Unit
from analytics.episodes import EpisodeKind
from analytics.ranges import ShareName
from analytics.summary import Analysis
from analytics.units import MG_DL_PER_MMOL_L

Value = float | str | None
# Units that are converted where the people's is mmol/L.
OF_GLUCOSE = ("mg/dL", "mg/dL/h", "mg/dL/min")
PEOPLE_ACROSS = 5
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    unit: str
    value: Callable[[Analysis], Value]
    decimals: int = 1


def _share(label: str, name: ShareName) -> Row:
    return Row(label, "%", lambda analysis: analysis.times.percent(name), 2)


def _episodes(label: str, kind: EpisodeKind) -> Row:
    return Row(label, "", lambda analysis: analysis.episodes.count(kind), 0)


ROWS = (
    Row("Readings", "", lambda a: a.centre.count, 0),
    Row("Days with readings", "", lambda a: a.use.days_with_data, 0),
    Row("Time active, first to last reading", "%", lambda a: a.use.active_percent),
    Row("Readings suffice", "", lambda a: "yes" if a.sufficiency.is_sufficient else "no", 0),
    Row("Mean", "mg/dL", lambda a: a.centre.mean),
    Row("Median", "mg/dL", lambda a: a.centre.median),
    Row("Standard deviation", "mg/dL", lambda a: a.centre.sd),
    Row("Coefficient of variation", "%", lambda a: a.centre.cv),
    Row("Interquartile range", "mg/dL", lambda a: a.centre.iqr),
    Row("Lowest", "mg/dL", lambda a: a.centre.minimum),
    Row("Highest", "mg/dL", lambda a: a.centre.maximum),
    Row("GMI", "%", lambda a: a.centre.gmi, 2),
    Row("GMI", "mmol/mol", lambda a: a.centre.gmi_mmol_mol),
    Row("eA1c", "%", lambda a: a.centre.ea1c, 2),
    _share("Very low", "very_low"),
    _share("Low", "low"),
    _share("In range", "in_range"),
    _share("High", "high"),
    _share("Very high", "very_high"),
    _share("In tight range", "tight"),
    Row("GRI", "", lambda a: None if a.gri is None else a.gri.value),
    Row("GRI zone", "", lambda a: None if a.gri is None else a.gri.zone),
    Row("LBGI", "", lambda a: a.risk.lbgi, 2),
    Row("HBGI", "", lambda a: a.risk.hbgi, 2),
    Row("BGRI", "", lambda a: a.risk.bgri, 2),
    Row("ADRR", "", lambda a: a.risk.adrr),
    Row("J-index", "", lambda a: a.centre.j_index),
    Row("MAGE (iglu 4.3, average)", "mg/dL", lambda a: a.mage.average),
    Row("MAGE, rises", "mg/dL", lambda a: a.mage.plus),
    Row("MAGE, falls", "mg/dL", lambda a: a.mage.minus),
    Row("MAGE, larger", "mg/dL", lambda a: a.mage.maximum),
    Row("MAGE, first direction", "mg/dL", lambda a: a.mage.service),
    Row("MODD", "mg/dL", lambda a: a.variability.modd),
    Row("CONGA, 1 h", "mg/dL", lambda a: a.variability.conga_1),
    Row("CONGA, 2 h", "mg/dL", lambda a: a.variability.conga_2),
    Row("CONGA, 4 h", "mg/dL", lambda a: a.variability.conga_4),
    Row("CONGA, 24 h", "mg/dL", lambda a: a.variability.conga_24),
    Row("GVP", "%", lambda a: a.variability.gvp),
    Row("MAG", "mg/dL/h", lambda a: a.variability.mag),
    Row("SD of the rate of change, 15 min", "mg/dL/min", lambda a: a.variability.sd_roc, 3),
    Row("SD within days (SDw)", "mg/dL", lambda a: a.variability.daily_sds.within_days),
    Row("SD between times (SDhh:mm)", "mg/dL", lambda a: a.variability.daily_sds.between_times),
    Row("SD within hours (SDwsh)", "mg/dL", lambda a: a.variability.daily_sds.within_hours),
    Row("SD of daily means (SDdm)", "mg/dL", lambda a: a.variability.daily_sds.between_day_means),
    Row("SD between days (SDb)", "mg/dL", lambda a: a.variability.daily_sds.between_days),
    Row("SD between days, about means (SDb//dm)", "mg/dL", lambda a: a.variability.daily_sds.between_days_about_means),
    Row("AUC in an hour", "mg/dL", lambda a: a.variability.auc),
    Row("M-value, of 90 mg/dL", "", lambda a: a.variability.m_value_90),
    Row("M-value, of 120 mg/dL", "", lambda a: a.variability.m_value_120),
    Row("GRADE", "", lambda a: None if a.grade is None else a.grade.score, 2),
    Row("GRADE, from lows", "%", lambda a: None if a.grade is None else a.grade.hypo),
    Row("GRADE, from in range", "%", lambda a: None if a.grade is None else a.grade.eu),
    Row("GRADE, from highs", "%", lambda a: None if a.grade is None else a.grade.hyper),
    Row("Hypoglycemic index", "", lambda a: a.variability.hypo_index, 3),
    Row("Hyperglycemic index", "", lambda a: a.variability.hyper_index, 3),
    Row("IGC", "", lambda a: a.variability.igc, 3),
    Row("COGI", "", lambda a: a.variability.cogi),
    Row("PGS", "", lambda a: a.variability.pgs),
    _episodes("Lows, level 1", EpisodeKind.HYPO_LEVEL_1),
    _episodes("Lows, level 1 only", EpisodeKind.HYPO_LEVEL_1_ONLY),
    _episodes("Lows, level 2", EpisodeKind.HYPO_LEVEL_2),
    _episodes("Lows, extended", EpisodeKind.HYPO_EXTENDED),
    _episodes("Highs, level 1", EpisodeKind.HYPER_LEVEL_1),
    _episodes("Highs, level 1 only", EpisodeKind.HYPER_LEVEL_1_ONLY),
    _episodes("Highs, level 2", EpisodeKind.HYPER_LEVEL_2),
    _episodes("Highs, extended", EpisodeKind.HYPER_EXTENDED),
)


def table(analyses: Mapping[str, Analysis], unit: Unit) -> str:
    """Five people side by side, then the next five."""
    names = list(analyses)
    blocks = [names[place : place + PEOPLE_ACROSS] for place in range(0, len(names), PEOPLE_ACROSS)]
    return "\n\n".join(_block({name: analyses[name] for name in block}, unit) for block in blocks)


def _block(analyses: Mapping[str, Analysis], unit: Unit) -> str:
    lines = [["", "", *(name or "all readings" for name in analyses)]]
    for row in ROWS:
        shown = row.unit.replace("mg/dL", unit)
        lines.append([row.label, shown, *(_words(row, row.value(analysis), unit) for analysis in analyses.values())])
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: list[str], widths: list[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(words + numbers).rstrip()


def _words(row: Row, value: Value, unit: Unit) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if unit == "mmol/L" and row.unit in OF_GLUCOSE:
        return f"{value / MG_DL_PER_MMOL_L:.{row.decimals + 1}f}"
    return f"{value:.{row.decimals}f}"
