"""Time in ranges: the bar's parts from the top down, their words, and the combined shares that have goals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

from analytics.goals import Goals, Preset
from analytics.ranges import RangeName, TimesInRanges
from analytics.summary import Analysis
from analytics.trace import Limit
from reports.charts.ranges import percent_words
from reports.glucose_report.content import RangeGoal, RangePart, RangesSection
from reports.glucose_report.geometry import spread
from reports.glucose_report.language import Language
from reports.glucose_report.sections.limits import limit_words

# Shares of the bar's height: of a part that is nearly or fully empty, and of the words beside it.
THINNEST, LABEL, TICK = 0.012, 0.125, 0.05


@dataclass(frozen=True, slots=True)
class _Told:
    """``lower``: the limit at the part's lower end, in words."""

    label: str
    limits: str
    goal: str
    lower: str


def ranges_section(analysis: Analysis, preset: Preset, unit: str, words: Language, missing: str) -> RangesSection:
    times, goals = analysis.times, analysis.goals
    told = _told(goals, unit, words)
    percents = _percents(times, words)
    heights = _heights(times, list(told))
    edges = [0.0, *accumulate(heights)]
    labels = spread([(bottom + top) / 2 for bottom, top in pairwise(edges)], LABEL)
    ticks = spread(edges[1:-1], TICK)
    places = dict(zip(told, labels, strict=True))
    parts = [
        RangePart(
            name=name.replace("_", "-"),
            label=one.label,
            limits=one.limits,
            percent=percents[name],
            goal=one.goal,
            is_empty=not getattr(times, name),
            bottom=round(edges[index], 4),
            top=round(edges[index + 1], 4),
            label_at=labels[index],
            limit=one.lower,
            limit_at=ticks[index - 1] if index else 0.0,
        )
        for index, (name, one) in enumerate(told.items())
    ]
    return RangesSection(
        title=words.say("Time in ranges"),
        subtitle=_subtitle(preset, goals, words),
        description="; ".join(f"{part.label} ({part.limits}): {part.percent}" for part in reversed(parts)),
        parts=tuple(reversed(parts)),
        goals=_combined(times, goals, unit, words, places),
        notes=_notes(goals, words),
        missing=missing,
    )


def _told(goals: Goals, unit: str, words: Language) -> dict[RangeName, _Told]:
    """From the bottom up."""
    limits = goals.limits

    def of(limit: Limit, step: int = 0) -> str:
        return limit_words(limit, unit, words, step=step)

    def between(lower: str, upper: str) -> str:
        return f"{lower}–{upper} {unit}"  # noqa: RUF001 - a range of numbers

    told: dict[RangeName, _Told] = {
        "very_low": _Told(words.say("Very low"), f"< {of(limits.very_low)} {unit}",
                          _below(goals.very_low_below, words), ""),
        "low": _Told(words.say("Low"), between(of(limits.very_low), of(limits.low, -1)), "", of(limits.very_low)),
        "in_range": _Told(words.say("In range"), between(of(limits.low), of(limits.high)),
                          _above(goals.in_range_above, words), of(limits.low)),
    }  # fmt: skip
    if limits.very_high is None:
        told["high"] = _Told(words.say("High"), f"> {of(limits.high)} {unit}",
                             _below(goals.high_below, words), of(limits.high))  # fmt: skip
    else:
        told["high"] = _Told(words.say("High"), between(of(limits.high, 1), of(limits.very_high)), "", of(limits.high))
        told["very_high"] = _Told(words.say("Very high"), f"> {of(limits.very_high)} {unit}",
                                  _below(goals.very_high_below, words), of(limits.very_high))  # fmt: skip
    return told


def _percents(times: TimesInRanges, words: Language) -> dict[RangeName, str]:
    return {name: _percent(getattr(times, name), percent, words) for name, percent in times.whole_percents().items()}


def _percent(count: int, percent: int, words: Language) -> str:
    return words.percent(percent_words(count, percent).removesuffix("%"))


def _heights(times: TimesInRanges, names: list[RangeName]) -> list[float]:
    """True to the shares, but no part thinner than can be seen."""
    shares = [max(getattr(times, name) / times.count if times.count else 0.0, THINNEST) for name in names]
    return [share / sum(shares) for share in shares]


def _combined(
    times: TimesInRanges, goals: Goals, unit: str, words: Language, places: dict[RangeName, float]
) -> tuple[RangeGoal, ...]:
    """Sums of the shown parts, so that the sheet adds up."""
    percents = times.whole_percents()
    low = RangeGoal(
        "low",
        words.say("below {limit} {unit}", limit=limit_words(goals.limits.low, unit, words), unit=unit),
        _percent(times.below, percents["very_low"] + percents["low"], words),
        _below(goals.low_below, words),
        places["low"],
        places["very_low"],
    )
    if "very_high" not in places:
        return (low,)
    high = RangeGoal(
        "high",
        words.say("above {limit} {unit}", limit=limit_words(goals.limits.high, unit, words), unit=unit),
        _percent(times.above, percents["high"] + percents["very_high"], words),
        _below(goals.high_below, words),
        places["very_high"],
        places["high"],
    )
    return (high, low)


def _below(goal: float | None, words: Language) -> str:
    return "" if goal is None else words.say("Goal: {sign} {number}", sign="<", number=words.percent(f"{goal:g}"))


def _above(goal: float | None, words: Language) -> str:
    return "" if goal is None else words.say("Goal: {sign} {number}", sign=">", number=words.percent(f"{goal:g}"))


def _subtitle(preset: Preset, goals: Goals, words: Language) -> str:
    said = {
        Preset.ADULT: words.say("Goals for adults with type 1 or type 2 diabetes"),
        Preset.OLDER: words.say("Goals for older or high-risk adults"),
        Preset.PREGNANCY: words.say("Goals for pregnancy with type 1 diabetes"),
        Preset.PREGNANCY_WITHOUT_GOALS: words.say("Pregnancy with gestational or type 2 diabetes: no goals are set"),
    }
    consensus = words.say("consensus {year}", year=goals.version)
    return f"{said[preset]} ({consensus})"


def _notes(goals: Goals, words: Language) -> tuple[str, ...]:
    minutes = words.say("{share} of a day is about {count} minutes.", share=words.percent("1"), count=15)
    if goals.in_range_above is None:
        return (minutes,)
    return (words.say("Each {share} more time in range is clinically beneficial.", share=words.percent("5")), minutes)
