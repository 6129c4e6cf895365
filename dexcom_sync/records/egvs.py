from __future__ import annotations

import msgspec

from dexcom_sync.records.enums import EGV_STATUSES, TRENDS
from dexcom_sync.records.fields import SOURCE_FIELDS, TIME_FIELDS, Fields, Provenance, Source, read_record
from dexcom_sync.records.glucose import range_flag_of, read_glucose, read_rate, status_contradicts
from dexcom_sync.records.outcomes import Context, Flag, Quarantined, Resource
from dexcom_sync.records.times import Times


class Egv(msgspec.Struct, frozen=True, gc=False):
    """``value``: mg/dL as sent, 39 and 401 included, None where there is none; show it by ``range_flag`` (-1 low, 0, 1
    high). ``trend_rate``: mg/dL/min. ``unit``, ``rate_unit``: what the two are in now.
    """

    record_id: str
    times: Times
    source: Source
    transmitter_ticks: int | None
    value: int | None
    unit: str
    range_flag: int
    status: str
    trend: str
    trend_rate: float | None
    rate_unit: str
    provenance: Provenance


def parse_egv(raw: object, context: Context) -> Egv | Quarantined:
    return read_record(Resource.EGVS, raw, context, _read)


_FIELDS = (
    SOURCE_FIELDS
    | TIME_FIELDS
    | {"transmitterTicks", "value", "status", "trend", "trendRate", "unit", "rateUnit"}
)  # fmt: skip


def _read(fields: Fields) -> Egv:
    times = fields.times()
    record_id = fields.record_id()
    source = fields.source()
    ticks = fields.integer("transmitterTicks")
    value, unit = read_glucose(fields, unit_may_be_missing=False)
    status = fields.word("status", EGV_STATUSES)
    if status and status_contradicts(value, status):
        fields.flags.append(Flag.STATUS_CONTRADICTS_VALUE)
    trend = fields.word("trend", TRENDS)
    rate, rate_unit = read_rate(fields)
    return Egv(
        record_id,
        times,
        source,
        ticks,
        value,
        unit,
        range_flag_of(value, status),
        status,
        trend,
        rate,
        rate_unit,
        fields.provenance(_FIELDS),
    )
