from __future__ import annotations

import msgspec

from dexcom_sync.records.fields import SOURCE_FIELDS, TIME_FIELDS, Fields, Provenance, Source, read_record
from dexcom_sync.records.glucose import read_glucose
from dexcom_sync.records.outcomes import Context, Quarantined, Resource
from dexcom_sync.records.times import Times


class Calibration(msgspec.Struct, frozen=True, gc=False):
    """``value``: mg/dL."""

    record_id: str
    times: Times
    source: Source
    transmitter_ticks: int | None
    value: int | None
    unit: str
    provenance: Provenance


def parse_calibration(raw: object, context: Context) -> Calibration | Quarantined:
    return read_record(Resource.CALIBRATIONS, raw, context, _read)


_FIELDS = SOURCE_FIELDS | TIME_FIELDS | {"transmitterTicks", "value", "unit"}


def _read(fields: Fields) -> Calibration:
    times = fields.times()
    record_id = fields.record_id()
    source = fields.source()
    ticks = fields.integer("transmitterTicks")
    value, unit = read_glucose(fields, unit_may_be_missing=True)
    return Calibration(record_id, times, source, ticks, value, unit, fields.provenance(_FIELDS))
