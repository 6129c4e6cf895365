from __future__ import annotations

import msgspec

from dexcom_sync.records.enums import ALERT_NAMES, ALERT_STATES
from dexcom_sync.records.fields import SOURCE_FIELDS, TIME_FIELDS, Fields, Provenance, Source, read_record
from dexcom_sync.records.outcomes import Context, Quarantined, Resource
from dexcom_sync.records.times import Times


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One change of state of an alarm of the display device."""

    record_id: str
    times: Times
    source: Source
    alert_name: str
    alert_state: str
    provenance: Provenance


def parse_alert(raw: object, context: Context) -> Alert | Quarantined:
    return read_record(Resource.ALERTS, raw, context, _read)


_FIELDS = SOURCE_FIELDS | TIME_FIELDS | {"alertName", "alertState"}


def _read(fields: Fields) -> Alert:
    times = fields.times()
    record_id = fields.record_id()
    source = fields.source()
    name = fields.word("alertName", ALERT_NAMES)
    state = fields.word("alertState", ALERT_STATES)
    return Alert(record_id, times, source, name, state, fields.provenance(_FIELDS))
