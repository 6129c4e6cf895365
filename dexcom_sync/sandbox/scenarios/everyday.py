"""The sandbox users of Dexcom's own list, and Dexcom ONE: weeks of ordinary life."""

from __future__ import annotations

from functools import partial

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.scenarios.habits import alert_habits, calibration_habits, event_habits, slots_between
from dexcom_sync.sandbox.scenarios.patterns import BACKFILLED, LOST
from dexcom_sync.sandbox.scenarios.routines import Routine, add_devices, phase, readings, sessions
from dexcom_sync.sandbox.scenarios.specs import STEP, Spec
from dexcom_sync.sandbox.views import Source

SOME_ALERTS = ("high", "low", "outOfRange", "noReadings")
MOST_ALERTS = ("urgentLow", "urgentLowSoon", "high", "low", "rise", "fall", "outOfRange", "noReadings")
ALL_ALERTS = (*MOST_ALERTS, "fixedLow", "unknown")
HALF_AN_HOUR, TWO_HOURS = 1_800, 7_200


def _source(
    device: str, app: str | None, generation: str, variant: str, user: str, *, receiver: bool = False
) -> Source:
    return Source(user, device.lower(), device, app, generation, variant, receiver)


G7 = Routine(partial(_source, "iOS", "G7", "g7", "g7"), HALF_AN_HOUR, 1, MOST_ALERTS)
G6 = Routine(partial(_source, "android", "G6", "g6", "g6"), TWO_HOURS, 9, ALL_ALERTS, calibrations=True)
G6_ON_IOS = Routine(partial(_source, "iOS", "G6", "g6", "g6"), TWO_HOURS, 9, ALL_ALERTS, calibrations=True)
ONE_PLUS = Routine(partial(_source, "iOS", "D1G7", "g7", "d1+"), HALF_AN_HOUR, 1, SOME_ALERTS)
ONE = Routine(partial(_source, "android", "DexcomOne", "g6", "g6"), TWO_HOURS, 9, SOME_ALERTS, events=False)
RECEIVER = Routine(
    partial(_source, "touchscreenReceiver", None, "g6", "g6", receiver=True), TWO_HOURS, 9, MOST_ALERTS, alerts=False
)  # fmt: skip


def live_with(contents: Contents, spec: Spec, routine: Routine, first: float, until: float) -> None:
    """Add what happens from ``first`` on and before ``until``."""
    source = routine.source(spec.name)
    contents.series.append(readings(spec, routine, source, first, until))
    habits = {
        "events": event_habits(spec) if routine.events else [],
        "calibrations": calibration_habits(spec) if routine.calibrations else [],
        "alerts": alert_habits(spec, routine) if routine.alerts else [],
    }
    for kind, those in habits.items():
        slots = slots_between(spec, source, kind, those, first, until, routine.sensors_each)
        contents.slots[kind].extend(slots)
    add_devices(contents, spec, routine, source)


def special_moments(spec: Spec) -> dict[str, float]:
    """Where the gap and the silence of the newest complete sensor lie."""
    begun = [begun for _, begun in sessions(spec, spec.first, spec.anchor - LOST.stop * STEP)][-1:] or [phase(spec)]
    return {
        "backfill_begins": begun[0] + BACKFILLED.start * STEP,
        "backfill_arrives": begun[0] + BACKFILLED.stop * STEP + 60,
        "silence_begins": begun[0] + LOST.start * STEP,
        "silence_ends": begun[0] + LOST.stop * STEP,
    }


def everyday(spec: Spec, *routines: Routine) -> Contents:
    """One routine after the other, each for its share of the days."""
    contents = Contents(moments=special_moments(spec))
    share = (spec.anchor - spec.first) / len(routines)
    for number, routine in enumerate(routines):
        live_with(contents, spec, routine, spec.first + number * share, spec.first + (number + 1) * share)
    return contents
