from __future__ import annotations

import msgspec

from dexcom_sync.records.digests import payload_digest
from dexcom_sync.records.outcomes import Context, Leniencies, Quarantined, Reason, Resource
from dexcom_sync.records.times import Times, read_times


class Range(msgspec.Struct, frozen=True, gc=False):
    """Of one record where ``start`` and ``end`` are equal."""

    start: Times
    end: Times


class DataRange(msgspec.Struct, frozen=True, gc=False):
    """None: there is no such data. A range that could not be read must not pass for that."""

    egvs: Range | Quarantined | None
    events: Range | Quarantined | None
    calibrations: Range | Quarantined | None
    leniencies: Leniencies = ()


def parse_data_range(raw: object, context: Context) -> DataRange | Quarantined:
    """``raw``: the whole answer; ``check_envelope`` tells whose it is."""
    if not isinstance(raw, dict):
        return Quarantined(Resource.DATA_RANGE, Reason.NOT_AN_OBJECT, "", payload_digest(raw))
    told: list[Leniencies] = []
    egvs, events, calibrations = (
        _read_range(name, raw.get(name), context, told) for name in ("egvs", "events", "calibrations")
    )
    return DataRange(egvs, events, calibrations, tuple(one for some in told for one in some))


def _read_range(name: str, raw: object, context: Context, told: list[Leniencies]) -> Range | Quarantined | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return Quarantined(Resource.DATA_RANGE, Reason.NOT_AN_OBJECT, name, payload_digest(raw))
    ends = []
    for side in ("start", "end"):
        moment = raw.get(side)
        if not isinstance(moment, dict):
            return Quarantined(Resource.DATA_RANGE, Reason.NOT_AN_OBJECT, f"{name}.{side}", payload_digest(raw))
        read = read_times(moment.get("systemTime"), moment.get("displayTime"), context)
        if isinstance(read, Reason):
            return Quarantined(Resource.DATA_RANGE, read, f"{name}.{side}", payload_digest(raw))
        told.append(read.leniencies)
        ends.append(read.times)
    return Range(*ends)
