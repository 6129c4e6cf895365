"""What a user enters and what the app says in the ten days of a sensor, as places that each sensor repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexcom_sync.sandbox.identities import record_id
from dexcom_sync.sandbox.moments import MICRO, offset_at, offset_text, wall
from dexcom_sync.sandbox.scenarios.patterns import LOST, MEALS, PLACES_A_DAY, SENSOR_DAYS, Pattern
from dexcom_sync.sandbox.scenarios.routines import Routine, pattern_of, sessions
from dexcom_sync.sandbox.scenarios.specs import DAY, HOUR, STEP, Spec
from dexcom_sync.sandbox.slots import Fields, Slot, Version
from dexcom_sync.sandbox.views import Source

CALIBRATE_EACH = 12 * HOUR
# An edit comes hours after the entry; enough of them that each ten days have some.
EDIT_AFTER = 5 * HOUR


@dataclass(frozen=True, slots=True)
class Habit:
    """``at``: seconds since the sensor began; ``entered``: how long after that the record was made."""

    at: int
    fields: Fields
    entered: int = 0
    edits: tuple[tuple[int, Fields], ...] = ()


def slots_between(
    spec: Spec, source: Source, kind: str, habits: list[Habit], first: float, until: float, each: int
) -> Iterator[Slot]:
    for number, begun in sessions(spec, first, until):
        transmitter = source.transmitter(number // each)
        for habit in habits:
            at = begun + habit.at
            if first <= at < until:
                extra: Fields = {"transmitterId": transmitter}
                if kind == "calibrations":
                    extra["transmitterTicks"] = habit.at + number % each * SENSOR_DAYS * DAY
                if kind == "events":
                    extra |= _recorded(spec, source, at + habit.entered)
                yield _slot(spec, source, kind, habit, at, extra)


def _slot(spec: Spec, source: Source, kind: str, habit: Habit, at: int, extra: Fields) -> Slot:
    fields = {
        "recordId": record_id(source.user, kind, at, *sorted(map(str, habit.fields.values()))),
        **displayed(at, spec.zone, naive=source.receiver), **habit.fields, **extra, **shown_by(source),
    }  # fmt: skip
    entered = at + habit.entered
    versions = [Version(entered + 30, at * MICRO, fields, styled=not source.receiver)]
    for after, changes in habit.edits:
        versions.append(Version(entered + after, at * MICRO, {**fields, **changes}, styled=not source.receiver))
    return Slot(versions, receiver=source.receiver)


def displayed(at: float, zone: str, *, naive: bool = False) -> Fields:
    offset = offset_at(zone, at)
    return {"systemTime": wall(at), "displayTime": wall(at + offset) + ("" if naive else offset_text(offset))}


def shown_by(source: Source) -> Fields:
    return {
        "transmitterGeneration": source.generation,
        "transmitterGenerationVariant": source.variant,
        "displayDevice": source.display_device,
        "displayApp": source.display_app,
    }


def _recorded(spec: Spec, source: Source, at: float) -> Fields:
    times = displayed(at, spec.zone, naive=source.receiver)
    return {"recordedSystemTime": times["systemTime"], "recordedDisplayTime": times["displayTime"]}


def event(kind: str, value: str | None, unit: str | None, sub: str | None = None, status: str = "created") -> Fields:
    return {"eventStatus": status, "eventType": kind, "eventSubType": sub, "value": value, "unit": unit}


def event_habits(spec: Spec) -> list[Habit]:
    random = np.random.default_rng([spec.chance(), 7])
    offset = offset_at(spec.zone, spec.anchor)
    habits: list[Habit] = []
    for day in range(SENSOR_DAYS):
        for hour, grams in MEALS:
            at = int((day * DAY + hour * HOUR - offset + random.normal(0, 1_200)) % (SENSOR_DAYS * DAY))
            carbs = max(5, round(grams * random.lognormal(0, 0.25)))
            habits.append(Habit(at, event("carbs", str(carbs), "grams"), int(random.integers(5, 400))))
            dose = f"{round(carbs / 10 * 2) / 2:g}"
            habits.append(Habit(at - at % 60 + 1, event("insulin", dose, "units", "fastActing"), 60))
        night = (day * DAY + 22 * HOUR - offset) % (SENSOR_DAYS * DAY)
        habits.append(Habit(night + 7, event("insulin", "18", "units", "longActing"), 20))
    return [*habits, *_rarer_events()]


def _rarer_events() -> Iterator[Habit]:
    day = DAY
    yield Habit(day + 61_000, event("exercise", "45", "minutes", "medium"), 3_600)
    yield Habit(4 * day + 61_500, event("exercise", "30", "minutes", "light"), 3_000)
    yield Habit(2 * day + 40_000, event("health", None, None, "stress"), 120)
    yield Habit(7 * day + 70_000, event("health", None, None, "alcohol"), 90)
    yield Habit(5 * day + 25_000, event("bloodGlucose", "132", "mg/dL"), 30)
    yield Habit(6 * day + 52_000, event("notes", "Birthday cake at work", None), 45)
    corrected = {"eventStatus": "updated", "value": "38"}
    yield Habit(3 * day + 55_000, event("carbs", "83", "grams"), 60, ((EDIT_AFTER, corrected),))
    yield Habit(
        8 * day + 33_000, event("insulin", "6", "units", "fastActing"), 30, ((900, {"eventStatus": "deleted"}),)
    )


def calibration_habits(spec: Spec) -> list[Habit]:
    values = pattern_of(spec).values
    return [
        Habit(at, {"value": int(values[at // STEP]) + at // HOUR % 7 - 3, "unit": "mg/dL"})
        for at in range(2 * HOUR + 600, SENSOR_DAYS * DAY, CALIBRATE_EACH)
    ]


def alert_habits(spec: Spec, routine: Routine) -> list[Habit]:
    """Each alarm as it goes through its states, where the curve of the day gives reason for it."""
    habits = []
    for name in routine.alert_names:
        for place in _reasons(name, pattern_of(spec)):
            for after, state in ((2, "activeAlarming"), (240, "activeSnoozed"), (1_860, "inactive")):
                habits.append(Habit(place * STEP + after, {"alertName": name, "alertState": state}))
    return habits


def _reasons(name: str, shape: Pattern) -> list[int]:
    values, rates = shape.values, shape.rates
    if name == "high":
        return _first_of_days(values > 250)
    if name == "low":
        return _first_of_days(values < 70)
    if name == "urgentLow":
        return _first_of_days(values < 55)
    if name == "urgentLowSoon":
        return [max(place - 4, 40) for place in _first_of_days(values < 55)]
    if name == "rise":
        return _first_of_days(rates >= 30)[:3] or [int(rates.argmax())]
    if name == "fall":
        return _first_of_days((rates <= -20) & (rates > -128))[:3] or [int(np.where(rates == -128, 0, rates).argmin())]
    return {"outOfRange": [LOST.start], "noReadings": [LOST.start + 4], "fixedLow": [3 * PLACES_A_DAY + 38]}.get(
        name, [PLACES_A_DAY + 100]
    )


def _first_of_days(reason: NDArray[np.bool_]) -> list[int]:
    days = reason.reshape(SENSOR_DAYS, PLACES_A_DAY)
    return [day * PLACES_A_DAY + int(row.argmax()) for day, row in enumerate(days) if row.any()]
