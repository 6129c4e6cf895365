"""Each reason in a sentence that a nurse can read out, with the figures it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from alerts.models import Severity
from analytics.goals import GOALS, Preset
from analytics.gri import zone_of
from readings.units import format_glucose
from reports.alarm_board.wording import clock_words
from reports.worklist.columns import PERIOD
from reports.worklist.points import DAY, LOW_GOAL, PREGNANCIES, PRESETS, VERY_LOW_GOAL, Ranking, Reason, silence

FOR_WHOM = {Preset.OLDER: " for older people", Preset.PREGNANCY: " in pregnancy"}


@dataclass(frozen=True, slots=True)
class Live:
    """Of the patients of a page, what no figure tells: by the patient's key."""

    alarms: Mapping[int, list[Any]]
    connections: Mapping[int, Any]
    consents: Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    now: datetime
    unit: str

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def reason_words(reason: Reason, ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    return _SENTENCES[reason](ranking, place, live, clock)


def percent_words(share: float) -> str:
    """One decimal: the difference between 0.9 and 1.1 % decides about a goal."""
    return f"{share:.1f} %"


def preset_of(ranking: Ranking, place: int) -> Preset:
    return PRESETS[int(ranking.facts.preset[place])]


def is_pregnancy(ranking: Ranking, place: int) -> bool:
    return preset_of(ranking, place) in PREGNANCIES


def low_limit(ranking: Ranking, place: int) -> int:
    return 63 if is_pregnancy(ranking, place) else 70


def day_words(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def _alarm(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    alarms = live.alarms.get(int(ranking.facts.patient_ids[place]), [])
    if not alarms:
        return "An alarm was open until a moment ago"
    worst = alarms[0]
    by = worst.acknowledged_by.name if worst.acknowledged_by else "somebody"
    taken = "nobody has acknowledged it" if worst.acknowledged_at is None else f"{by} looks after it"
    others = f"; {len(alarms) - 1} more open" if len(alarms) > 1 else ""
    severity = Severity(worst.severity).label
    return (
        f"{severity} alarm since {clock_words(worst.confirmed_at, now=clock.now)}: {worst.rule_name}; {taken}{others}"
    )


def _below(limit: int, share: float, goal: float, whose: str, clock: Clock) -> str:
    return (
        f"Below {format_glucose(limit, clock.unit)} {clock.unit} for {percent_words(share)} of the time, "
        f"about {round(share * 14.4)} min a day; goal{whose}: under {goal:g} %"
    )


def _very_low(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    preset = preset_of(ranking, place)
    goal = GOALS[preset].very_low_below
    whose = FOR_WHOM.get(preset, "") if goal is not None else ""
    return _below(54, float(ranking.recent.very_low[place]), goal or VERY_LOW_GOAL, whose, clock)


def _low(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    preset, recent = preset_of(ranking, place), ranking.recent
    share = recent.below_63[place] if is_pregnancy(ranking, place) else recent.very_low[place] + recent.low[place]
    goal = GOALS[preset].low_below
    whose = FOR_WHOM.get(preset, "") if goal is not None else ""
    return _below(low_limit(ranking, place), float(share), goal or LOW_GOAL, whose, clock)


def _risk(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    """With the range that weighs most in it."""
    recent, gri = ranking.recent, float(ranking.recent.gri[place])
    limits = {limit: format_glucose(limit, clock.unit) for limit in (54, 70, 180, 250)}
    shares = {
        f"below {limits[54]}": (3.0, recent.very_low),
        f"{limits[54]} to below {limits[70]}": (2.4, recent.low),
        f"above {limits[180]} to {limits[250]}": (0.8, recent.high),
        f"above {limits[250]}": (1.6, recent.very_high),
    }
    where = max(shares, key=lambda words: shares[words][0] * shares[words][1][place])
    share = percent_words(float(shares[where][1][place]))
    return f"Glycemia risk index {gri:.0f}, zone {zone_of(gri)}: {where} {clock.unit} for {share} of the time"


def _in_range(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    low, high = format_glucose(63, clock.unit), format_glucose(140, clock.unit)
    share, goal = float(ranking.recent.in_pregnancy_range[place]), GOALS[preset_of(ranking, place)].in_range_above
    return (
        f"{low} to {high} {clock.unit} for {percent_words(share)} of the time; goal in pregnancy: more than {goal:g} %"
    )


def _worse(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    recent, before = ranking.recent, ranking.before
    if is_pregnancy(ranking, place):
        now, then = recent.in_pregnancy_range[place], before.in_pregnancy_range[place]
        return f"In range for {percent_words(now)} of the time, after {percent_words(then)} in the 14 days before"
    return f"Risk index {recent.gri[place]:.0f}, after {before.gri[place]:.0f} in the 14 days before"


def _silent(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    hours = silence(ranking.facts, clock.now.timestamp())[place] / 3600
    long = f"{hours:.0f} hours" if hours < 48 else f"{hours // 24:,.0f} days"
    newest, since = ranking.facts.newest_reading[place], ranking.facts.measured_since[place]
    if newest >= since:
        return f"No reading for {long}, though a device is assigned"
    return f"No reading since a device was assigned {long} ago"


def _connection(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    connection = live.connections.get(int(ranking.facts.patient_ids[place]))
    since = f", since {_since(ranking.facts.connection_lost[place], clock)}"
    if connection is not None and connection.status == connection.Status.QUARANTINED:
        return f"Dexcom was stopped: the account answered with another person's data{since}"
    return f"Dexcom has to be connected again by the patient{since}"


def _consent(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    consent = live.consents.get(int(ranking.facts.patient_ids[place]))
    kind = f" ({consent.get_kind_display().lower()})" if consent is not None else ""
    return f"Consent withdrawn on {_since(ranking.facts.consent_withdrawn[place], clock)}{kind}"


def _contact(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    late = int(-ranking.facts.next_contact[place])
    if not late:
        return "Contact planned for today"
    day = date.fromordinal(clock.today.toordinal() - late)
    return f"Contact was planned for {day_words(day, clock.today)}, {late} day{'' if late == 1 else 's'} ago"


def _little_data(ranking: Ranking, place: int, live: Live, clock: Clock) -> str:
    recent = ranking.recent
    newest = ranking.facts.newest_reading[place]
    if not recent.count[place] and newest > clock.now.timestamp() - PERIOD * DAY:
        return "The days are not summed up yet: nothing can be judged"
    if not recent.count[place]:
        return "No data of the last 14 days: nothing can be judged"
    return f"Data of {recent.active[place]:.0f} % of 14 days: too little to judge, 70 % are needed"


def _since(seconds: float, clock: Clock) -> str:
    return day_words(timezone.localtime(datetime.fromtimestamp(seconds, UTC)).date(), clock.today)


_SENTENCES = {
    Reason.ALARM: _alarm,
    Reason.VERY_LOW: _very_low,
    Reason.LOW: _low,
    Reason.RISK: _risk,
    Reason.IN_RANGE: _in_range,
    Reason.WORSE: _worse,
    Reason.SILENT: _silent,
    Reason.CONNECTION: _connection,
    Reason.CONSENT: _consent,
    Reason.CONTACT: _contact,
    Reason.LITTLE_DATA: _little_data,
}
