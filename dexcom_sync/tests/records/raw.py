"""Records as Dexcom sends them, with invented values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dexcom_sync.records import Context, Quarantined

NOW = datetime(2025, 3, 9, 16, 0, tzinfo=UTC)
CONTEXT = Context(now=NOW, zone=ZoneInfo("America/Denver"))
TRANSMITTER = "0123456789abcdef" * 4
SOURCE = {
    "transmitterId": TRANSMITTER,
    "transmitterGeneration": "g7",
    "transmitterGenerationVariant": "g7",
    "displayDevice": "iOS",
    "displayApp": "G7",
}
TIMES = {"systemTime": "2025-03-09T14:05:11Z", "displayTime": "2025-03-09T07:05:11-07:00"}


def egv(**changes: Any) -> dict[str, Any]:
    return {
        "recordId": "7b0c5a1e-3f59-4a39-9a20-2f6f0d1c1001",
        **TIMES,
        **SOURCE,
        "transmitterTicks": 301205,
        "value": 118,
        "trend": "flat",
        "trendRate": 0.3,
        "status": None,
        "unit": "mg/dL",
        "rateUnit": "mg/dL/min",
        **changes,
    }


def event(**changes: Any) -> dict[str, Any]:
    return {
        "recordId": "a",
        **TIMES,
        "recordedSystemTime": "2025-03-09T14:06:00Z",
        "recordedDisplayTime": "2025-03-09T07:06:00-07:00",
        "eventStatus": "created",
        "eventType": "carbs",
        "eventSubType": None,
        "value": "45",
        "unit": "grams",
        **SOURCE,
        **changes,
    }


def calibration(**changes: Any) -> dict[str, Any]:
    return {
        "recordId": "c",
        **TIMES,
        **SOURCE,
        "value": 126,
        "unit": "mg/dL",
        "transmitterTicks": 236804,
        **changes,
    }


def alert(**changes: Any) -> dict[str, Any]:
    return {"recordId": "d", **TIMES, **SOURCE, "alertName": "urgentLow", "alertState": "activeAlarming", **changes}


def setting(name: str = "high", **changes: Any) -> dict[str, Any]:
    return {
        "alertName": name,
        "value": 250,
        "unit": "mg/dL",
        "snooze": 30,
        "enabled": True,
        "delay": 20,
        "secondaryTriggerCondition": None,
        "soundTheme": "modern",
        "soundOutputMode": "match",
        "systemTime": "2025-02-20T18:00:00Z",
        "displayTime": "2025-02-20T10:00:00-08:00",
        **changes,
    }


def schedule(*settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    about = {
        "alertScheduleName": "",
        "isEnabled": True,
        "isDefaultSchedule": True,
        "isActive": True,
        "startTime": "00:00",
        "endTime": "00:00",
        "daysOfWeek": ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
        "override": {"isOverrideEnabled": False, "mode": "quiet", "endTime": "2025-03-01T08:00:00Z"},
        **changes,
    }
    return {"alertScheduleSettings": about, "alertSettings": list(settings)}


def device(*schedules: Any, **changes: Any) -> dict[str, Any]:
    return {"lastUploadDate": "2025-03-09T14:20:31Z", **SOURCE, "alertSchedules": list(schedules), **changes}


def read(parsed: Any) -> Any:
    """The record, which must not be in quarantine."""
    assert not isinstance(parsed, Quarantined), parsed
    return parsed
