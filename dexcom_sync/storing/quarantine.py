from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from dexcom_sync.models import Connection, QuarantinedRecord, Resource
from dexcom_sync.records.outcomes import Quarantined


def quarantine(
    connection: Connection, resource: Resource, refused: Sequence[tuple[object, Quarantined]], at: datetime
) -> None:
    """Keep what nobody could read, once, however often it is fetched again."""
    if not refused:
        return
    by_digest = {one.payload_digest: (raw, one) for raw, one in refused}
    theirs = QuarantinedRecord.objects.filter(connection_id=connection.pk, resource=resource)
    known = {
        bytes(found)
        for found in theirs.filter(payload_digest__in=list(by_digest)).values_list("payload_digest", flat=True)
    }
    for digest, (raw, one) in by_digest.items():
        if digest not in known:
            QuarantinedRecord.objects.create(
                connection=connection,
                patient_id=connection.patient_id,
                resource=resource,
                record_id=_id_of(raw),
                reason=f"{one.reason}:{one.field}"[:60] if one.field else str(one.reason),
                payload_digest=digest,
                payload=text_of(raw),
                first_seen_at=at,
            )


def text_of(raw: object) -> str:
    """As JSON; what JSON allows and texts of the database do not is escaped."""
    try:
        return msgspec.json.encode(raw).decode()
    except (UnicodeError, ValueError, TypeError, OverflowError, msgspec.MsgspecError):
        return json.dumps(raw)


def _id_of(raw: Any) -> str:
    given = raw.get("recordId") if isinstance(raw, dict) else None
    return given[:128].replace("\0", "") if isinstance(given, str) and given.isprintable() else ""
