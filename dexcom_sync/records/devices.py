from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from dexcom_sync.records.fields import SOURCE_FIELDS, Fields, Provenance, Source, read_record
from dexcom_sync.records.moments import read_moment
from dexcom_sync.records.outcomes import Context, Leniency, Quarantined, Resource
from dexcom_sync.records.settings_history import AlertSchedule, read_schedules, settings_digest


class Device(msgspec.Struct, frozen=True):
    """``last_upload_at``: true UTC of Dexcom's server. Another ``settings_digest`` means that somebody changed how its
    alarms are set; ``raw_schedules``: those settings as they came.
    """

    source: Source
    last_upload_at: datetime | None
    schedules: tuple[AlertSchedule, ...]
    settings_digest: bytes
    raw_schedules: Any
    provenance: Provenance


def parse_device(raw: object, context: Context) -> Device | Quarantined:
    return read_record(Resource.DEVICES, raw, context, _read)


_FIELDS = SOURCE_FIELDS | {"lastUploadDate", "alertSchedules"}


def _read(fields: Fields) -> Device:
    source = fields.source()
    last_upload_at = _read_upload(fields)
    schedules = read_schedules(fields)
    return Device(
        source,
        last_upload_at,
        schedules,
        settings_digest(schedules),
        fields.raw.get("alertSchedules"),
        fields.provenance(_FIELDS),
    )


def _read_upload(fields: Fields) -> datetime | None:
    text = fields.raw.get("lastUploadDate")
    if text is None:
        return None
    stamp = read_moment(text)
    if stamp is None:
        fields.leniencies.append(Leniency.TEXT_UNREADABLE)
        return None
    fields.leniencies += stamp.leniencies
    return stamp.instant
