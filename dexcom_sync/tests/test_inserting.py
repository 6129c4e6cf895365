"""Rows are written as arrays by hand: whatever a record may hold must come back as it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dexcom_sync.models import Connection, Egv, Source
from dexcom_sync.storing.inserting import insert
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

COLUMNS = [field.attname for field in Egv._meta.local_concrete_fields if field.column is not None]
WORDS = [
    "",
    "plain",
    'a "quoted" word',
    "back\\slash",
    "\\n",
    "comma, {brace}",
    "NULL",
    "new\nline",
    "tab\t",
    "λ 漢",
    " ",
]


def test_what_is_written_comes_back(northside: Clinic) -> None:
    with northside.scope():
        connection = Connection.objects.create(patient=northside.patients[0], region="sandbox")
        source = Source.objects.create(connection=connection, patient_id=connection.patient_id)
        rows = [
            Egv(
                patient_id=connection.patient_id, record_id=f"{number}-{word}", connection=connection, source=source,
                system_time=datetime(2026, 3, 1, 8, number, 30, 123000, tzinfo=UTC),
                utc_offset=None if number % 2 else -90,
                offset_source=1, payload_digest=bytes([number, 0, 255, 92]), flags=[word], extra={word or "x": word},
                first_seen_at=datetime(2026, 3, 2, tzinfo=UTC), value=None if number % 3 else 40 + number, status=word,
                trend_rate=None if number % 2 else -1.5, is_canonical=bool(number % 2),
            )
            for number, word in enumerate(WORDS)
        ]  # fmt: skip

        insert(rows)

        stored = {row.record_id: row for row in Egv.objects.all()}
        for row in rows:
            kept = stored[row.record_id]
            for name in COLUMNS:
                value = getattr(kept, name)
                assert (bytes(value) if isinstance(value, memoryview) else value) == getattr(row, name), name
