"""How the alarms of a display device are set, in one form, so that a change can be told from a repetition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from dexcom_sync.records import enums
from dexcom_sync.records.digests import payload_digest
from dexcom_sync.records.fields import Fields
from dexcom_sync.records.outcomes import Leniency
from dexcom_sync.records.times import read_instant

MINUTES_OF_DAY = 24 * 60
# Days in the order of a week; others behind them, by name.
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?\s*([AaPp][Mm])?\s*", re.ASCII)
# Seen where 30 is meant.
_SNOOZES = {28: 30}


class AlertSetting(msgspec.Struct, frozen=True, gc=False):
    """``changed_at``: when it was last changed, by the device's clock; no part of what it is set to."""

    alert_name: str
    value: float | None
    unit: str
    snooze: int | None
    enabled: bool | None
    delay: int | None
    secondary_trigger: int | None
    sound_theme: str
    sound_output_mode: str
    changed_at: datetime | None


class Override(msgspec.Struct, frozen=True, gc=False):
    is_enabled: bool | None
    mode: str
    end_text: str


class AlertSchedule(msgspec.Struct, frozen=True, gc=False):
    """``start``, ``end``: minutes of the day; the end may be past midnight, up to 47:59. ``is_active``: in force at the
    moment, which changes without anybody setting anything.
    """

    name: str
    is_enabled: bool | None
    is_default: bool
    is_active: bool | None
    start: int | None
    end: int | None
    days: tuple[str, ...]
    override: Override | None
    settings: tuple[AlertSetting, ...]


def read_schedules(fields: Fields) -> tuple[AlertSchedule, ...]:
    """What cannot be read is told, and is in the raw schedules."""
    raw = fields.raw.get("alertSchedules")
    if not isinstance(raw, list):
        if raw is not None:
            fields.leniencies.append(Leniency.SCHEDULES_UNREADABLE)
        return ()
    schedules = [_read_schedule(one, fields) for one in raw]
    return tuple(one for one in schedules if one is not None)


def settings_digest(schedules: Iterable[AlertSchedule]) -> bytes:
    """The same for the same settings, whatever their order, and whenever they were made."""
    return payload_digest(sorted((_comparable(one) for one in schedules), key=repr))


def _comparable(schedule: AlertSchedule) -> list[Any]:
    values = msgspec.to_builtins(schedule)
    del values["is_active"]
    for setting in values["settings"]:
        del setting["changed_at"]
    values["settings"] = sorted(values["settings"], key=repr)
    return sorted(values.items())


def _read_schedule(raw: object, parent: Fields) -> AlertSchedule | None:
    about = _member(raw, "alertScheduleSettings")
    if about is None:
        parent.leniencies.append(Leniency.SCHEDULES_UNREADABLE)
        return None
    fields = _inside(about, parent)
    name = fields.text("alertScheduleName")
    is_default = fields.boolean("isDefaultSchedule")
    return AlertSchedule(
        name=name,
        is_enabled=fields.boolean("isEnabled"),
        is_default=not name if is_default is None else is_default,
        is_active=fields.boolean("isActive"),
        start=_read_clock(fields, "startTime"),
        end=_read_clock(fields, "endTime"),
        days=_read_days(fields),
        override=_read_override(fields),
        settings=_read_settings(raw, parent),
    )


def _read_settings(raw: object, parent: Fields) -> tuple[AlertSetting, ...]:
    """Of two with one name, the one that was changed last counts."""
    settings = raw.get("alertSettings") if isinstance(raw, dict) else None
    found: dict[str, AlertSetting] = {}
    for one in settings if isinstance(settings, list) else ():
        if not isinstance(one, dict):
            parent.leniencies.append(Leniency.SETTING_UNREADABLE)
            continue
        setting = _read_setting(_inside(_by_lower_case(one), parent))
        before = found.get(setting.alert_name)
        if before is not None:
            parent.leniencies.append(Leniency.SETTING_TWICE)
        if before is None or _changed(setting) >= _changed(before):
            found[setting.alert_name] = setting
    return tuple(found.values())


def _changed(setting: AlertSetting) -> float:
    return setting.changed_at.timestamp() if setting.changed_at is not None else 0


def _read_setting(fields: Fields) -> AlertSetting:
    name = fields.word("alertname", enums.ALERT_NAMES)
    value = fields.number("value")
    if name == "fall" and value is not None and value < 0:
        value = -value
        fields.leniencies.append(Leniency.SETTING_NORMALISED)
    snooze = fields.integer("snooze")
    if snooze in _SNOOZES:
        snooze = _SNOOZES[snooze]
        fields.leniencies.append(Leniency.SETTING_NORMALISED)
    return AlertSetting(
        alert_name=name,
        value=value,
        unit=fields.word("unit", enums.SETTING_UNITS),
        snooze=snooze,
        enabled=fields.boolean("enabled"),
        delay=fields.integer("delay"),
        secondary_trigger=fields.integer("secondarytriggercondition"),
        sound_theme=fields.word("soundtheme", enums.SOUND_THEMES),
        sound_output_mode=fields.word("soundoutputmode", enums.SOUND_OUTPUT_MODES),
        changed_at=read_instant(fields.raw.get("systemtime")),
    )


def _read_clock(fields: Fields, name: str) -> int | None:
    text = fields.text(name)
    found = _CLOCK.fullmatch(text)
    if found is None:
        if text:
            fields.leniencies.append(Leniency.SETTING_UNREADABLE)
        return None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half:
        is_valid = 1 <= hour <= 12
        hour = hour % 12 + (12 if half == "pm" else 0)
    else:
        is_valid = hour < 48
    if not is_valid or minute > 59:
        fields.leniencies.append(Leniency.SETTING_UNREADABLE)
        return None
    if half or len(text) != len("00:00"):
        fields.leniencies.append(Leniency.SETTING_NORMALISED)
    return hour * 60 + minute


def _read_days(fields: Fields) -> tuple[str, ...]:
    raw = fields.raw.get("daysOfWeek")
    days: set[str] = set()
    for day in raw if isinstance(raw, list) else ():
        word = _inside({"day": day}, fields).text("day").strip().lower()
        if not word:
            fields.leniencies.append(Leniency.SETTING_NORMALISED)
            continue
        if word not in enums.WEEKDAYS:
            fields.unknown_words.append("daysOfWeek")
        days.add(word)
    return tuple(sorted(days, key=lambda day: (_WEEK.index(day) if day in _WEEK else len(_WEEK), day)))


def _read_override(parent: Fields) -> Override | None:
    raw = parent.raw.get("override")
    if not isinstance(raw, dict):
        return None
    fields = _inside(raw, parent)
    return Override(
        is_enabled=fields.boolean("isOverrideEnabled"),
        mode=fields.word("mode", enums.OVERRIDE_MODES),
        end_text=fields.text("endTime"),
    )


def _member(raw: object, name: str) -> dict[str, Any] | None:
    member = raw.get(name) if isinstance(raw, dict) else None
    return member if isinstance(member, dict) else None


def _by_lower_case(raw: dict[str, Any]) -> dict[str, Any]:
    """The sample of the documents writes one name with a capital."""
    return {name.lower(): value for name, value in raw.items()}


def _inside(raw: dict[str, Any], parent: Fields) -> Fields:
    """Reads an object inside of the record; what is odd there is told with the record."""
    fields = Fields(raw, parent.resource, parent.context)
    fields.flags, fields.leniencies = parent.flags, parent.leniencies
    fields.unknown_words = parent.unknown_words
    return fields
