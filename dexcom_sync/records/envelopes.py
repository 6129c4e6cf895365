"""What must hold of an answer before anything of it is used."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from dexcom_sync.records.enums import ID_LENGTH, WORD_LENGTH
from dexcom_sync.records.fields import is_storable
from dexcom_sync.records.outcomes import Resource


class EnvelopeFault(enum.StrEnum):
    NOT_AN_OBJECT = "not_an_object"
    NO_USER_ID = "no_user_id"
    NO_RECORDS = "no_records"


class Envelope(msgspec.Struct, frozen=True):
    """``record_type``, ``record_version``: as they came; samples show singular and plural. ``records``: empty for the
    data range, which is in ``answer``. Whose records they are, the caller compares.
    """

    user_id: str
    record_type: str
    record_version: str
    records: list[Any]
    answer: dict[str, Any]


def check_envelope(answer: object, resource: Resource) -> Envelope | EnvelopeFault:
    """A 200 without records is a failure, and not "no data"."""
    if not isinstance(answer, dict):
        return EnvelopeFault.NOT_AN_OBJECT
    user_id = _short_text(answer.get("userId"), ID_LENGTH)
    if not user_id:
        return EnvelopeFault.NO_USER_ID
    records: Any = []
    if resource is not Resource.DATA_RANGE:
        records = answer.get("records")
        if not isinstance(records, list):
            return EnvelopeFault.NO_RECORDS
    elif not answer.keys() & {"egvs", "events", "calibrations"}:
        return EnvelopeFault.NO_RECORDS
    record_type, version = (_short_text(answer.get(name), WORD_LENGTH) for name in ("recordType", "recordVersion"))
    return Envelope(user_id, record_type, version, records, answer)


def _short_text(value: object, length: int) -> str:
    return value if type(value) is str and len(value) <= length and is_storable(value) else ""
