"""Notices made into the events that clients get: codes for keys, and readings as they stand in the database now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec

from edge.database import Database, Transaction
from edge.instants import spoken
from edge.live.topics import topic_of
from edge.live.vital_rows import measurements_told
from edge.shapes import reading_extras, reading_item
from readings.models import reading_public_text
from tenancy.live import RESET, Notice
from vitals.live import CREATED as MEASURED

PIECE = 500
# Device and instant decide the row, as in the store. Trend and rate are the state's while the reading is the newest.
# ``since`` and ``until`` let the planner open only the months in between.
READINGS = """
SELECT asked.position, patient.id, patient.code, device.code, device.public_number,
       reading.measured_at, reading.glucose, reading.range_flag, reading.quality, reading.confidence,
       reading.battery_level, reading.sensor_data, reading.received_at,
       COALESCE(state.trend, reading.trend), COALESCE(state.rate, reading.rate)
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(measured_at)s::timestamptz[])
       WITH ORDINALITY AS asked (organization_id, device_id, measured_at, position)
  JOIN devices_assignment assignment
    ON assignment.organization_id = asked.organization_id AND assignment.device_id = asked.device_id
   AND assignment.starts_at <= asked.measured_at
   AND (assignment.ends_at IS NULL OR assignment.ends_at > asked.measured_at)
  JOIN readings_glucosereading reading
    ON reading.organization_id = asked.organization_id AND reading.patient_id = assignment.patient_id
   AND reading.measured_at = asked.measured_at AND reading.device_id = asked.device_id
   AND reading.measured_at BETWEEN %(since)s AND %(until)s AND NOT reading.is_copy
  JOIN patients_patient patient
    ON patient.organization_id = asked.organization_id AND patient.id = reading.patient_id
  JOIN devices_device device
    ON device.organization_id = asked.organization_id AND device.id = asked.device_id
  LEFT JOIN readings_patientstate state
    ON state.organization_id = asked.organization_id AND state.patient_id = reading.patient_id
   AND state.device_id = reading.device_id AND state.measured_at = reading.measured_at
"""
NAMES = """
SELECT asked.position, patient.code, device.code
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(device_id)s::bigint[])
       WITH ORDINALITY AS asked (organization_id, patient_id, device_id, position)
  LEFT JOIN patients_patient patient
    ON patient.organization_id = asked.organization_id AND patient.id = asked.patient_id
  LEFT JOIN devices_device device
    ON device.organization_id = asked.organization_id AND device.id = asked.device_id
 WHERE (asked.patient_id IS NULL OR patient.id IS NOT NULL) AND (asked.device_id IS NULL OR device.id IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice in its clinic's stream; ``id`` is the event's."""

    organization_id: int
    id: str
    notice: Notice


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    topic: str | None
    patient_id: int | None
    device_id: int | None
    body: bytes

    @cached_property
    def text(self) -> str:
        """Made once for all WebSockets."""
        return self.body.decode()

    @cached_property
    def sse(self) -> bytes:
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self.id.encode(), self.type.encode(), self.body)


@dataclass(frozen=True, slots=True)
class LiveReading:
    measured_at: datetime
    glucose: int
    range_flag: int
    quality: int | None
    confidence: Decimal | None
    battery_level: int | None
    sensor_data: dict[str, Any] | None
    received_at: datetime


async def events_of(database: Database, entries: Sequence[Entry]) -> list[tuple[int, Event]]:
    """With the organization of each, in the order of the entries; without those whose rows are gone, and copies."""
    made: dict[int, Event] = {}
    for start in range(0, len(entries), PIECE):
        piece = entries[start : start + PIECE]
        async with database.transaction({entry.organization_id for entry in piece}) as transaction:
            made |= {start + place: event for place, event in (await _made(transaction, piece)).items()}
    return [(entries[place].organization_id, made[place]) for place in sorted(made)]


def plain_event(entry_id: str, kind: str, data: dict[str, Any] | None = None) -> Event:
    """About no patient, for everybody who listens."""
    return _event(Entry(0, entry_id, Notice(kind, datetime.now(UTC), data=data or {})), None, None, None, data or {})


def reset_event(entry_id: str) -> Event:
    """Events may be missing: whoever shows something loads it anew."""
    return plain_event(entry_id, RESET)


async def _made(transaction: Transaction, piece: Sequence[Entry]) -> dict[int, Event]:
    vitals = [place for place, entry in enumerate(piece) if entry.notice.type == MEASURED]
    measured = [place for place, entry in enumerate(piece) if entry.notice.measured_at is not None]
    others = [place for place, entry in enumerate(piece) if entry.notice.measured_at is None]
    return {
        **await _of_readings(transaction, piece, [place for place in measured if place not in vitals]),
        **await _of_vitals(transaction, piece, vitals),
        **await _of_others(transaction, piece, others),
    }


async def _of_readings(transaction: Transaction, piece: Sequence[Entry], places: Sequence[int]) -> dict[int, Event]:
    if not places:
        return {}
    notices = [piece[place].notice for place in places]
    instants = [notice.measured_at for notice in notices if notice.measured_at is not None]
    parameters = {
        "organization_id": [piece[place].organization_id for place in places],
        "device_id": [notice.device_id for notice in notices],
        "measured_at": instants,
        "since": min(instants),
        "until": max(instants),
    }
    made = {}
    for position, patient_id, patient, device, number, *columns, trend, rate in await transaction.fetch(
        READINGS, parameters
    ):
        entry, reading = piece[places[position - 1]], LiveReading(*columns)
        public_id = reading_public_text(reading.measured_at, number)
        data = {
            **reading_item(reading, public_id=public_id, patient_code=patient, device_code=device),
            **reading_extras(reading, trend=trend, rate=rate),
        }
        made[places[position - 1]] = _event(entry, patient_id, patient, device, data)
    return made


async def _of_vitals(transaction: Transaction, piece: Sequence[Entry], places: Sequence[int]) -> dict[int, Event]:
    if not places:
        return {}
    entries = [piece[place] for place in places]
    told = measurements_told(
        transaction, [entry.organization_id for entry in entries], [entry.notice for entry in entries]
    )
    return {
        places[number]: _event(entries[number], patient_id, patient, device, data)
        async for number, patient_id, patient, device, data in told
    }


async def _of_others(transaction: Transaction, piece: Sequence[Entry], places: Sequence[int]) -> dict[int, Event]:
    if not places:
        return {}
    parameters = {
        "organization_id": [piece[place].organization_id for place in places],
        "patient_id": [piece[place].notice.patient_id for place in places],
        "device_id": [piece[place].notice.device_id for place in places],
    }
    made = {}
    for position, patient, device in await transaction.fetch(NAMES, parameters):
        entry = piece[places[position - 1]]
        made[places[position - 1]] = _event(entry, entry.notice.patient_id, patient, device, entry.notice.data)
    return made


def _event(
    entry: Entry, patient_id: int | None, patient: str | None, device: str | None, data: dict[str, Any]
) -> Event:
    kind = entry.notice.type
    body: dict[str, Any] = {"type": kind, "id": entry.id, "at": spoken(entry.notice.at), "patient": patient}
    if device is not None:
        body["device"] = device
    return Event(
        entry.id, kind, topic_of(kind), patient_id, entry.notice.device_id, msgspec.json.encode({**body, "data": data})
    )
