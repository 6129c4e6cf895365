"""Fields that are null, new words in every enumeration, values beyond what a sensor shows, and odd settings."""

from __future__ import annotations

from typing import Any

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.identities import record_id
from dexcom_sync.sandbox.moments import wall
from dexcom_sync.sandbox.scenarios.habits import displayed, event, shown_by
from dexcom_sync.sandbox.scenarios.pieces import add_device, egv, phone, put
from dexcom_sync.sandbox.scenarios.settings import DAYS, schedule, setting
from dexcom_sync.sandbox.scenarios.specs import DAY, STEP, Spec
from dexcom_sync.sandbox.slots import Fields


def _readings(contents: Contents, spec: Spec, changes: list[Fields]) -> None:
    """One for each of ``changes``, five minutes apart, on the last day."""
    source = phone(spec)
    for number, change in enumerate(changes):
        at = spec.anchor - DAY + number * STEP
        fields = egv(spec, source, at, 110 + number)
        kept = {name: value for name, value in {**fields, **change}.items() if value is not ...}
        put(contents, "egvs", kept, at)


def _record(spec: Spec, kind: str, at: float, **fields: Any) -> Fields:
    times = displayed(at, spec.zone)
    source = phone(spec)
    whole = {
        "recordId": record_id(spec.name, kind, int(at)), "systemTime": times["systemTime"] + "Z",
        "displayTime": times["displayTime"], "transmitterId": source.transmitter(0), **shown_by(source), **fields,
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value is not ...}


def nulls(spec: Spec) -> Contents:
    contents = Contents()
    _readings(
        contents,
        spec,
        [
            {"value": None},
            {"trend": None},
            {"status": None, "trendRate": None},
            {"value": None, "trend": None, "trendRate": None, "status": None},
            {"value": None, "status": "low"},
            {"value": None, "status": "high"},
            {"transmitterId": ""},
            {"transmitterId": None},
            {"transmitterTicks": 0},
            {"transmitterId": "", "transmitterTicks": 0},
            {"displayApp": None},
            {"displayApp": ..., "transmitterGenerationVariant": ...},
            {"trend": ..., "trendRate": ..., "status": ..., "displayApp": ...},
            {"value": ...},
            {"recordId": ...},
        ],
    )
    at = spec.anchor - DAY
    put(contents, "events", _record(spec, "event", at, **event("carbs", None, None), transmitterId=None), at)
    ticks = {"transmitterTicks": 0, "transmitterId": ""}
    put(contents, "calibrations", _record(spec, "calibration", at, value=126, unit=None, **ticks), at)
    state = {"alertName": "high", "alertState": "inactive", "displayApp": None, "transmitterId": ""}
    put(contents, "alerts", _record(spec, "alert", at, **state), at)
    add_device(
        contents, spec, phone(spec), since=at, until=spec.anchor, transmitterId="", displayApp=None,
        transmitterGenerationVariant=...,
    )  # fmt: skip
    return contents


def enums(spec: Spec) -> Contents:
    contents = Contents()
    _readings(
        contents,
        spec,
        [
            {"transmitterGeneration": "g715day", "transmitterGenerationVariant": "g715day"},
            {"transmitterGeneration": "g6 pro"},
            {"displayApp": "G7Android"},
            {"displayApp": "Watch"},
            {"displayDevice": "shareReceiver"},
            {"displayDevice": "contactLens"},
            {"transmitterGeneration": "g9"},
            {"transmitterGenerationVariant": "g9mini"},
            {"trend": "tripleUp"},
            {"trend": "none"},
            {"trend": "rateOutOfRange", "trendRate": 9.1},
            {"status": "wobbly"},
            {"status": "ok"},
            {"rateUnit": "mg/dL/h"},
            {"moodOfTheSensor": {"word": "fine"}},
        ],
    )
    at = spec.anchor - DAY
    events = [event("mood", "7", "points", "calm", "restored"), event("insulin", "2", "drops", "inhaled")]
    for number, what in enumerate(events):
        moment = at + number * STEP
        put(contents, "events", _record(spec, "event", moment, **what), moment)
    calibration = {"value": 118, "unit": "mg/L", "transmitterTicks": 5_000}
    put(contents, "calibrations", _record(spec, "calibration", at, **calibration), at)
    alerts = [("sensorTired", "activeAlarming"), ("high", "activeWhispering"), ("fixedLow", "inactive")]
    for number, (name, state) in enumerate(alerts):
        moment = at + number * STEP
        put(contents, "alerts", _record(spec, "alert", moment, alertName=name, alertState=state), moment)
    odd = setting("high", at, spec.zone, alertName="sensorTired", unit="yawns", soundTheme="baroque")
    settings = [schedule([{**odd, "soundOutputMode": "hum"}], at, override={"mode": "loud", "endTime": None})]
    add_device(
        contents, spec, phone(spec), since=at, until=spec.anchor, alertSchedules=settings, displayDevice="contactLens"
    )
    return contents


def values(spec: Spec) -> Contents:
    contents = Contents()
    plain: list[Fields] = [{"value": value} for value in (0, 38, 39, 40, 400, 401, 450)]
    _readings(
        contents,
        spec,
        [
            *plain,
            {"value": 39, "status": "low"},
            {"value": 401, "status": "high"},
            {"value": 120, "status": "low"},
            {"value": 38, "status": "high"},
            {"value": 300, "status": "ok"},
            {"value": 120, "unit": "unknown"},
            {"value": 6, "unit": "mmol/L", "rateUnit": "mmol/L/min"},
            {"value": 5.6, "unit": "mmol/L", "rateUnit": "mmol/L/min"},
            {"value": 120, "unit": "mmol/L"},
            {"value": "118"},
            {"value": 1200},
            {"value": -1},
        ],
    )
    add_device(contents, spec, phone(spec), since=spec.anchor - DAY, until=spec.anchor)
    return contents


def settings(spec: Spec) -> Contents:
    contents, source, at = Contents(), phone(spec), spec.anchor - 3 * DAY
    _readings(contents, spec, [{}, {}])
    older, newer = at, at + DAY
    doubled = [setting("high", older, spec.zone, value=250), setting("high", newer, spec.zone, value=220)]
    fall = setting("fall", older, spec.zone, value=-3)
    snoozed = setting("low", older, spec.zone, snooze=28)
    capital = setting("rise", older, spec.zone)
    capital["SecondaryTriggerCondition"] = capital.pop("secondaryTriggerCondition")
    override = {
        "isOverrideEnabled": True,
        "mode": "vibrate",
        "endTime": wall(newer) + "Z",
    }
    odd = [
        schedule([*doubled, fall, snoozed, capital], at, startTime="0:00", endTime="0:00", override=override),
        schedule(
            [setting("low", at, spec.zone)], at, alertScheduleName="Evening", isDefaultSchedule=False,
            startTime="11:30 PM", endTime="31:00", daysOfWeek=["", *DAYS[1:3], ""], override=None,
        ),
    ]  # fmt: skip
    for each in odd:
        del each["alertScheduleSettings"]["isDefaultSchedule"]
    add_device(contents, spec, source, since=at, until=spec.anchor, alertSchedules=odd)
    without_date = phone(spec, key="android", device="android", app="G7")
    add_device(contents, spec, without_date, since=at, until=at, alertSchedules=odd[:1])
    contents.devices[-1].uploads = None
    return contents
