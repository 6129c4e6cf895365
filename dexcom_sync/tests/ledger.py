"""Whether our tables hold what the sandbox ever made visible, and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from devices.services import CLOCK_TOLERANCE
from dexcom_sync.models import Connection, Egv, FormerRecord, QuarantinedRecord, Resource
from dexcom_sync.records.digests import payload_digest
from dexcom_sync.records.outcomes import Context
from dexcom_sync.storing.pages import PARSERS
from dexcom_sync.storing.rows import MODELS
from readings.models import GlucoseReading, RangeFlag
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox

MILLISECOND = timedelta(milliseconds=1)


def assert_as_in_the_ledger(clinic: Clinic, connection: Connection, sandbox: DexcomSandbox, user: str) -> None:
    """Records in their current version, what cannot be read in quarantine, and readings for the canonical values."""
    for resource in MODELS:
        _assert_records(clinic, connection, Resource(resource), sandbox.ledger(user, resource))
    with clinic.scope(), transaction.atomic():
        _assert_one_for_each_reading(connection)
        _assert_readings(connection)


def _assert_records(clinic: Clinic, connection: Connection, resource: Resource, entries: list[dict[str, Any]]) -> None:
    versions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        versions[_id_of(entry["record"], resource)].append(entry)
    with clinic.scope(), transaction.atomic():
        rows = {row.record_id: row for row in MODELS[resource].objects.filter(patient_id=connection.patient_id)}
        held = QuarantinedRecord.objects.filter(connection_id=connection.pk, resource=resource)
        refused = {_id_of(msgspec.json.decode(row.payload), resource) for row in held}
        former = FormerRecord.objects.filter(connection_id=connection.pk, resource=resource)
        told_before = [(row.record_id, msgspec.json.decode(row.payload)) for row in former]

    held_ids = rows.keys() | refused
    missing = sorted(entry["instant"] for one in versions.keys() - held_ids for entry in versions[one])
    assert not missing, f"{resource}: {len(missing)} are missing, {missing[0]} to {missing[-1]}"
    assert held_ids <= versions.keys(), f"{resource}: {held_ids - versions.keys()} were never visible"
    for record_id, row in rows.items():
        current = [entry for entry in versions[record_id] if entry["current"]]
        digests = {payload_digest(entry["record"]): entry for entry in current}
        assert bytes(row.payload_digest) in digests, (resource, record_id, row.version, current)
        meant = datetime.fromisoformat(digests[bytes(row.payload_digest)]["instant"])
        assert abs(row.system_time - meant) < MILLISECOND, (resource, record_id)
    for record_id, payload in told_before:
        assert payload["eventStatus" if resource == Resource.EVENTS else "systemTime"]
        assert len(versions[record_id]) > 1, (resource, record_id)


def _id_of(raw: dict[str, Any], resource: Resource) -> str:
    """Some come without one, and are given one that follows from what they say."""
    given = raw.get("recordId")
    if isinstance(given, str) and given:
        return given
    parsed = PARSERS[resource](raw, Context(now=datetime.now(UTC), zone=ZoneInfo("UTC")))
    return getattr(parsed, "record_id", "") or payload_digest(raw).hex()


def _assert_one_for_each_reading(connection: Connection) -> None:
    chosen: Counter[tuple[str, int]] = Counter()
    for row in Egv.objects.filter(patient_id=connection.patient_id).select_related("source"):
        if row.source.transmitter_id and row.transmitter_ticks and row.transmitter_ticks > 0:
            chosen[row.source.transmitter_id, row.transmitter_ticks] += row.is_canonical
    assert set(chosen.values()) <= {1}


def _assert_readings(connection: Connection) -> None:
    current = Connection.objects.get(pk=connection.pk)
    expected: dict[datetime, set[int]] = defaultdict(set)
    for row in Egv.objects.filter(patient_id=connection.patient_id, is_canonical=True):
        value = {RangeFlag.LOW: 39, RangeFlag.HIGH: 401}.get(RangeFlag(row.range_flag), row.value)
        if value is not None and row.system_time <= (row.changed_at or row.first_seen_at) + CLOCK_TOLERANCE:
            at = row.system_time.astimezone(UTC)
            expected[at - timedelta(microseconds=at.microsecond % 1000)].add(value)
    devices = [one for one in (current.device_id, current.receiver_id) if one is not None]
    found = {
        row.measured_at: row.glucose
        for row in GlucoseReading.objects.filter(patient_id=connection.patient_id, device_id__in=devices)
    }
    assert found.keys() == expected.keys()
    assert [at for at, value in found.items() if value not in expected[at]] == []
