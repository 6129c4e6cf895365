"""A patient's readings of a period, one by one or by minutes, hours and days."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from accounts.principals import PersonPrincipal
from edge.answers import Answer
from edge.database import Transaction, run
from edge.instants import parsed_instant, spoken, spoken_utc
from edge.looks import Look
from edge.patients import FoundPatient, PatientQuestion, find_patients
from edge.queries import HistoryQuery, read_query
from edge.ranges import RangeReads
from edge.requests import Request
from edge.shapes import QUALITY_WORDS, RANGE_WORDS, TREND_WORDS, UNIT
from readings.history import Bucket, Place, RawRow, Resolution, bucket_page_steps, raw_page_steps
from readings.models import read_public_id, reading_public_text
from tenancy.api.errors import Unprocessable

HISTORY = "readings.history"
DEVICE_OF_NUMBER = """
SELECT id FROM devices_device WHERE organization_id = %(organization_id)s AND public_number = %(number)s
"""


class Histories:
    def __init__(self, reads: RangeReads) -> None:
        self._reads = reads

    async def get(self, request: Request, principal: PersonPrincipal) -> Answer:
        query = read_query(request, HistoryQuery)

        async def read(transaction: Transaction) -> tuple[Answer, Sequence[Look]]:
            question = PatientQuestion(principal, request.parameters["userId"])
            (patient,) = await find_patients(transaction, [question])
            if not isinstance(patient, FoundPatient):
                raise patient
            page = _raw_page if query.resolution == "raw" else _bucket_page
            body = await page(transaction, principal.organization_id, patient, query)
            seen = Look(request, principal, HISTORY, patient.code, patient_id=patient.id)
            return Answer(body), [seen]

        return await self._reads.answer(principal.organization_id, read)


async def _raw_page(
    transaction: Transaction, organization_id: int, patient: FoundPatient, query: HistoryQuery
) -> dict[str, Any]:
    since, until = query.window(datetime.now(UTC))
    after = await _place(transaction, organization_id, query.cursor) if query.cursor else None
    # One more than asked for tells whether there is a next page.
    found = await run(
        transaction,
        raw_page_steps((organization_id, patient.id), since=since, until=until, after=after, limit=query.limit + 1),
    )
    page = found[: query.limit]
    items = [_item(row, patient.code) for row in page]
    return {"items": items, "next": items[-1]["id"] if len(found) > len(page) else None}


async def _bucket_page(
    transaction: Transaction, organization_id: int, patient: FoundPatient, query: HistoryQuery
) -> dict[str, Any]:
    since, until = query.window(datetime.now(UTC))
    found = await run(
        transaction,
        bucket_page_steps(
            (organization_id, patient.id),
            timezone=patient.timezone,
            resolution=Resolution(query.resolution),
            since=since,
            until=until,
            before=_bucket_start(query.cursor) if query.cursor else None,
            limit=query.limit + 1,
        ),
    )
    page = found[: query.limit]
    return {
        "resolution": query.resolution,
        "timezone": patient.timezone,
        "unit": UNIT,
        "items": [_bucket(bucket) for bucket in page],
        "next": spoken(page[-1].starts_at) if len(found) > len(page) else None,
    }


async def _place(transaction: Transaction, organization_id: int, cursor: str) -> Place:
    """The cursor is the id of the last reading that was given: no key of the database goes out."""
    try:
        place = read_public_id(uuid.UUID(cursor))
    except ValueError:
        place = None
    if place is not None:
        parameters = {"organization_id": organization_id, "number": place[1]}
        if rows := await transaction.fetch(DEVICE_OF_NUMBER, parameters):
            return place[0], rows[0][0]
    raise _no_cursor(cursor)


def _bucket_start(cursor: str) -> datetime:
    """The cursor is where the last bucket that was given begins."""
    start = parsed_instant(cursor)
    if start is None:
        raise _no_cursor(cursor)
    return start


def _no_cursor(cursor: str) -> Unprocessable:
    return Unprocessable(
        [{"type": "cursor", "loc": ["query", "cursor"], "msg": "This is not the next of a page", "input": cursor}]
    )


def _item(row: RawRow, patient_code: str) -> dict[str, Any]:
    """As ``shapes.reading_item`` with its extras, written out: thousands are made at once."""
    measured_at, _, device_code, number, glucose, flag, quality, trend, rate = row[:9]
    confidence, battery, sensor_data, received_at = row[9:]
    return {
        "id": reading_public_text(measured_at, number),
        "userId": patient_code,
        "deviceId": device_code,
        "timestamp": spoken_utc(measured_at),
        "glucoseValue": glucose if flag == 0 else None,
        "confidence": confidence,
        # Text of JSON already.
        "sensorData": None if sensor_data is None else msgspec.Raw(sensor_data.encode()),
        "batteryLevel": battery,
        "signalQuality": QUALITY_WORDS[quality],
        "createdAt": spoken_utc(received_at),
        "trend": TREND_WORDS[trend],
        "rate": rate,
        "unit": UNIT,
        "rangeFlag": RANGE_WORDS[flag],
    }


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "start": spoken(bucket.starts_at),
        "min": bucket.minimum,
        "max": bucket.maximum,
        "mean": bucket.mean,
        "n": bucket.count,
        "below": bucket.below,
        "above": bucket.above,
    }
