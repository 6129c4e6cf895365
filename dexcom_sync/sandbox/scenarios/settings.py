"""Alert schedules as devices report them."""

from __future__ import annotations

from typing import Any

from dexcom_sync.sandbox.moments import offset_at, offset_text, wall

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# Threshold, unit, snooze, delay and secondary condition.
USUAL: dict[str, tuple[int | None, str, int | None, int | None, int | None]] = {
    "high": (250, "mg/dL", 60, 20, None),
    "low": (70, "mg/dL", 30, None, None),
    "urgentLow": (55, "mg/dL", 30, None, None),
    "urgentLowSoon": (55, "mg/dL", 30, None, None),
    "rise": (3, "mg/dL/min", 30, None, 180),
    "fall": (3, "mg/dL/min", 30, None, 120),
    "outOfRange": (20, "minutes", 20, None, None),
    "noReadings": (20, "minutes", 20, None, None),
    "fixedLow": (55, "minutes", 30, None, None),
    "unknown": (None, "unknown", None, None, None),
}


def setting(name: str, changed: float, zone: str, **other: Any) -> dict[str, Any]:
    value, unit, snooze, delay, secondary = USUAL[name]
    offset = offset_at(zone, changed)
    return {
        "alertName": name, "value": value, "unit": unit, "snooze": snooze, "enabled": True, "delay": delay,
        "secondaryTriggerCondition": secondary, "soundTheme": "modern", "soundOutputMode": "match",
        "systemTime": wall(changed) + "Z", "displayTime": wall(changed + offset) + offset_text(offset), **other,
    }  # fmt: skip


def schedule(settings: list[dict[str, Any]], changed: float, **other: Any) -> dict[str, Any]:
    """The default schedule, save for what ``other`` says."""
    head = {
        "alertScheduleName": "", "isEnabled": True, "isDefaultSchedule": True, "isActive": True, "startTime": "00:00",
        "endTime": "00:00", "daysOfWeek": list(DAYS),
        "override": {"isOverrideEnabled": False, "mode": "quiet", "endTime": wall(changed) + "Z"}, **other,
    }  # fmt: skip
    return {"alertScheduleSettings": head, "alertSettings": settings}


def schedules(names: tuple[str, ...], changed: float, zone: str) -> list[dict[str, Any]]:
    night = {
        "alertScheduleName": "Night", "isDefaultSchedule": False, "isActive": False, "startTime": "22:00",
        "endTime": "06:30",
    }  # fmt: skip
    quiet = [setting(name, changed, zone, soundOutputMode="vibrate") for name in names]
    return [schedule([setting(name, changed, zone) for name in names], changed), schedule(quiet, changed, **night)]
