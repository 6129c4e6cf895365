from __future__ import annotations

import math
import re
from decimal import Decimal

import msgspec

from dexcom_sync.records.enums import EVENT_STATUSES, EVENT_SUB_TYPES, EVENT_TYPE_ALIASES, EVENT_TYPES, EVENT_UNITS
from dexcom_sync.records.fields import SOURCE_FIELDS, TIME_FIELDS, Fields, Provenance, Source, read_record
from dexcom_sync.records.outcomes import Context, Flag, Leniency, Quarantined, Reason, Resource
from dexcom_sync.records.times import Times, read_times

# What cannot be stored whole waits in quarantine.
TEXT_LENGTH = 10_000
# The column holds four places.
PLACES = Decimal("0.0001")
# Dexcom's type of value: unit and the largest that a person could mean.
_AMOUNTS: dict[str, tuple[frozenset[str], int]] = {
    "insulin": (frozenset({"units"}), 250),
    "carbs": (frozenset({"grams"}), 1000),
    "exercise": (frozenset({"minutes"}), 10_080),
    "bloodGlucose": (frozenset({"mg/dL", "mmol/L"}), 1000),
}
_DECIMAL = re.compile(r"[+-]?[0-9]{1,7}(\.[0-9]{1,18})?", re.ASCII)


class Event(msgspec.Struct, frozen=True, gc=False):
    """``value``: the number, None where none was given: a missing dose is unknown, not 0. ``text``: the value as it
    came, a note's free text included, which only the patient's clinic may see.
    """

    record_id: str
    times: Times
    recorded: Times | None
    source: Source
    event_status: str
    event_type: str
    event_sub_type: str
    value: Decimal | None
    text: str
    unit: str
    provenance: Provenance

    @property
    def is_deleted(self) -> bool:
        return self.event_status == "deleted"


def parse_event(raw: object, context: Context) -> Event | Quarantined:
    return read_record(Resource.EVENTS, raw, context, _read)


_FIELDS = (
    SOURCE_FIELDS
    | TIME_FIELDS
    | {"recordedSystemTime", "recordedDisplayTime", "eventStatus", "eventType", "eventSubType", "value", "unit"}
)


def _read(fields: Fields) -> Event:
    times = fields.times()
    recorded = _read_recorded(fields)
    record_id = fields.record_id()
    source = fields.source()
    status = fields.word("eventStatus", EVENT_STATUSES)
    event_type = _read_type(fields)
    sub_type = fields.word("eventSubType", EVENT_SUB_TYPES)
    unit = fields.word("unit", EVENT_UNITS)
    text = _read_text(fields)
    value = _amount(fields, event_type, text, unit, is_deleted=status == "deleted")
    return Event(
        record_id,
        times,
        recorded,
        source,
        status,
        event_type,
        sub_type,
        value,
        text,
        unit,
        fields.provenance(_FIELDS),
    )


def _read_type(fields: Fields) -> str:
    alias = fields.raw.get("eventType")
    if type(alias) is str and alias in EVENT_TYPE_ALIASES:
        fields.leniencies.append(Leniency.ALIAS)
        return EVENT_TYPE_ALIASES[alias]
    return fields.word("eventType", EVENT_TYPES)


def _read_recorded(fields: Fields) -> Times | None:
    """When it was entered. Newer than other members, and no reason to refuse the record."""
    system = fields.raw.get("recordedSystemTime")
    if system is None:
        return None
    read = read_times(system, fields.raw.get("recordedDisplayTime"), fields.context)
    if isinstance(read, Reason):
        fields.leniencies.append(Leniency.RECORDED_TIME_UNREADABLE)
        return None
    fields.leniencies += read.leniencies
    return read.times


def _read_text(fields: Fields) -> str:
    value = fields.raw.get("value")
    if type(value) is float and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    if type(value) is int and abs(value) < 10**18:
        return str(value)
    return fields.text("value", TEXT_LENGTH).strip()


def _amount(fields: Fields, event_type: str, text: str, unit: str, *, is_deleted: bool) -> Decimal | None:
    if event_type not in _AMOUNTS:
        return _decimal(text) if event_type not in {"notes", "health"} else None
    units, largest = _AMOUNTS[event_type]
    if not text:
        if not is_deleted:
            fields.flags.append(Flag.AMOUNT_MISSING)
        return None
    value = _decimal(text)
    if value is None:
        fields.flags.append(Flag.AMOUNT_UNREADABLE)
        return None
    if event_type == "exercise" and value == -1:
        fields.flags.append(Flag.AMOUNT_UNSET)
        return None
    if not 0 <= value <= largest:
        fields.flags.append(Flag.AMOUNT_IMPLAUSIBLE)
    if unit not in units:
        fields.flags.append(Flag.UNIT_UNKNOWN if unit else Flag.UNIT_MISSING)
    return value


def _decimal(text: str) -> Decimal | None:
    return Decimal(text).quantize(PLACES).normalize() if _DECIMAL.fullmatch(text) else None
