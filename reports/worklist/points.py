"""How urgently each patient needs somebody: points by reason, all of them documented in docs/worklist.md.

An alarm that nobody has acknowledged outweighs everything else together. Good figures take nothing away, and too
little data is a reason of its own: it never makes a patient look well.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.goals import GOALS, Preset
from reports.worklist.figures import (
    Booleans,
    Counts,
    Floats,
    Integers,
    Period,
    minutes_very_low_since,
    period_before,
    recent_period,
)

HOUR, DAY = 3600.0, 86_400.0
SILENT_AFTER = 24 * HOUR
# Of an adult; what a preset says nothing of is no licence.
VERY_LOW_GOAL, LOW_GOAL = 1.0, 4.0
RISK_FROM, WORSE_FROM = 40.0, 10.0
# Fifteen minutes below 54 are an episode of it (consensus of 2023).
NEW_VERY_LOW_MINUTES = 15.0
# By severity: none, low, medium, high, critical.
UNACKNOWLEDGED_POINTS = np.array([0.0, 10.0, 40.0, 100.0, 400.0])
ACKNOWLEDGED_POINTS = np.array([0.0, 5.0, 15.0, 40.0, 60.0])
PRESETS = tuple(Preset)
PREGNANCIES = (Preset.PREGNANCY, Preset.PREGNANCY_WITHOUT_GOALS)


class Reason(enum.Enum):
    """In the order in which reasons of equal weight are told."""

    ALARM = "alarm"
    VERY_LOW = "veryLow"
    LOW = "low"
    RISK = "risk"
    IN_RANGE = "inRange"
    WORSE = "worse"
    SILENT = "silent"
    CONNECTION = "connection"
    CONSENT = "consent"
    CONTACT = "contact"
    LITTLE_DATA = "littleData"


REASONS = tuple(Reason)


class Standing(enum.IntEnum):
    """What the list says of a patient, in the order of the list."""

    CALL = 0
    UNKNOWN = 1
    RESTING = 2
    FINE = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """One item for each patient, in the order of their names. Instants are seconds since 1970, NaN: there is none.

    ``days``: counts of the last 28 days. ``preset``: place in PRESETS. ``unacknowledged``, ``acknowledged``: the
    greatest severity of open alarms. ``measured_since``: since when a device is assigned. ``next_contact``,
    ``rests_until``: days from today. ``seen_days_ago``: by the patient's clock, -1 without. ``assigned_to``: 0 without.
    """

    patient_ids: Integers
    days: Counts
    minutes_today: Floats
    preset: Integers
    newest_reading: Floats
    measured_since: Floats
    unacknowledged: Integers
    acknowledged: Integers
    connection_lost: Floats
    consent_withdrawn: Floats
    next_contact: Floats
    seen_at: Floats
    seen_days_ago: Integers
    rests_until: Floats
    assigned_to: Integers

    def __len__(self) -> int:
        return len(self.patient_ids)


@dataclass(frozen=True, slots=True)
class Ranking:
    """``points``: patients by REASONS; those of reasons that rest count nothing in ``need``."""

    facts: Facts
    recent: Period
    before: Period
    points: Floats
    rests: Booleans
    need: Floats = field(init=False)
    standing: Integers = field(init=False)

    def __post_init__(self) -> None:
        awake = np.where(self.rests, 0.0, self.points)
        need = awake.sum(axis=1).round(1)
        has_resting = (self.points > 0).any(axis=1)
        standing = np.where(self.recent.is_sufficient, Standing.FINE, Standing.UNKNOWN)
        standing = np.where(has_resting, Standing.RESTING, standing)
        object.__setattr__(self, "need", need)
        object.__setattr__(self, "standing", np.where(need > 0, Standing.CALL, standing).astype(np.int64))

    @property
    def change(self) -> Floats:
        """Of the glycemia risk index against the 14 days before; NaN unless both periods suffice."""
        return _change(self.recent, self.before, self.recent.gri - self.before.gri)

    def has(self, reason: Reason) -> Booleans:
        return np.asarray(self.points[:, REASONS.index(reason)] > 0)


def rank(facts: Facts, *, now: float) -> Ranking:
    recent, before = recent_period(facts.days, facts.minutes_today), period_before(facts.days)
    is_pregnant = np.isin(facts.preset, [PRESETS.index(preset) for preset in PREGNANCIES])
    # The index is not made for the ranges of pregnancy.
    recent = replace(recent, gri=np.where(is_pregnant, np.nan, recent.gri))
    points = {
        Reason.ALARM: np.maximum(UNACKNOWLEDGED_POINTS[facts.unacknowledged], ACKNOWLEDGED_POINTS[facts.acknowledged]),
        Reason.VERY_LOW: _beyond(recent, recent.very_low, _goal(facts, "very_low_below", VERY_LOW_GOAL), 40, 10, 80),
        Reason.LOW: _beyond(recent, _low(recent, is_pregnant), _goal(facts, "low_below", LOW_GOAL), 20, 3, 40),
        Reason.RISK: _from(recent, recent.gri - RISK_FROM),
        Reason.IN_RANGE: np.where(
            is_pregnant, _from(recent, _goal(facts, "in_range_above", np.nan) - recent.in_pregnancy_range), 0.0
        ),
        Reason.WORSE: _worse(recent, before, is_pregnant),
        Reason.SILENT: _silent(facts, now),
        Reason.CONNECTION: np.where(np.isnan(facts.connection_lost), 0.0, 15.0),
        Reason.CONSENT: np.where(np.isnan(facts.consent_withdrawn), 0.0, 15.0),
        Reason.CONTACT: np.where(facts.next_contact <= 0, np.minimum(10.0 - facts.next_contact, 20.0), 0.0),
        Reason.LITTLE_DATA: np.where(~recent.is_sufficient & _is_followed(facts, recent, before), 5.0, 0.0),
    }
    table = np.column_stack([points[reason] for reason in REASONS]).reshape(len(facts), len(REASONS))
    return Ranking(facts, recent, before, np.nan_to_num(table), _resting(facts))


def _goal(facts: Facts, name: str, usual: float) -> Floats:
    values = [getattr(GOALS[preset], name) for preset in PRESETS]
    return np.array([usual if value is None else value for value in values], dtype=np.float64)[facts.preset]


def _low(recent: Period, is_pregnant: Booleans) -> Floats:
    return np.where(is_pregnant, recent.below_63, recent.very_low + recent.low)


def _beyond(recent: Period, share: Floats, goal: Floats, base: float, each: float, most: float) -> Floats:
    """``base`` points at the goal and ``each`` for a percent beyond it. Goals say "less than": at it is beyond it."""
    points = np.minimum(base + each * (share - goal), most)
    return np.where(recent.is_telling & (share >= goal), points, 0.0)


def _from(recent: Period, excess: Floats) -> Floats:
    return np.where(recent.is_telling & (excess > 0), np.minimum(0.75 * excess, 45.0), 0.0)


def _worse(recent: Period, before: Period, is_pregnant: Booleans) -> Floats:
    by = np.where(is_pregnant, before.in_pregnancy_range - recent.in_pregnancy_range, recent.gri - before.gri)
    by = _change(recent, before, by)
    return np.where(by >= WORSE_FROM, np.minimum(by, 30.0), 0.0)


def _change(recent: Period, before: Period, by: Floats) -> Floats:
    return np.where(recent.is_sufficient & before.is_sufficient, by, np.nan)


def silence(facts: Facts, now: float) -> Floats:
    """Seconds since the last reading, or since a device was assigned after it; NaN where no device measures."""
    return now - np.fmax(facts.newest_reading, facts.measured_since) + 0.0 * facts.measured_since


def _silent(facts: Facts, now: float) -> Floats:
    seconds = silence(facts, now)
    return np.where(seconds >= SILENT_AFTER, np.minimum(14.0 + seconds // DAY, 25.0), 0.0)


def _is_followed(facts: Facts, recent: Period, before: Period) -> Booleans:
    """Somebody meant this patient to be measured; who never was is no gap in the data."""
    return np.asarray(~np.isnan(facts.measured_since) | (recent.count + before.count > 0))


def _resting(facts: Facts) -> Booleans:
    """What was known when a patient was seen rests until the day that was set then; what is new since does not.

    Alarms have an acknowledgement of their own, and a contact that was planned is due whatever was seen.
    """
    table = np.zeros((len(facts), len(REASONS)), dtype=bool)
    rests = facts.rests_until > 0
    began = {
        Reason.SILENT: np.fmax(facts.newest_reading, facts.measured_since) + SILENT_AFTER,
        Reason.CONNECTION: facts.connection_lost,
        Reason.CONSENT: facts.consent_withdrawn,
    }
    for place, reason in enumerate(REASONS):
        if reason in (Reason.ALARM, Reason.CONTACT):
            continue
        is_known = began[reason] <= facts.seen_at if reason in began else True
        table[:, place] = rests & is_known
    resting = np.flatnonzero(rests)
    again = minutes_very_low_since(facts.days[resting], facts.seen_days_ago[resting]) >= NEW_VERY_LOW_MINUTES
    table[resting[again], REASONS.index(Reason.VERY_LOW)] = False
    return table
