"""The devices answer: when each was uploaded last, and how its alarms are set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from dexcom_sync.models import Connection, DeviceSettings, Resource, Source
from dexcom_sync.records.devices import Device, parse_device
from dexcom_sync.records.outcomes import Context, Quarantined
from dexcom_sync.storing.pages import Fetched, hold, keep_raw
from dexcom_sync.storing.quarantine import quarantine
from dexcom_sync.storing.sources import source_ids

ADVANCED_BY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Upload:
    """A receiver that was connected again. ``former``: its upload before, None for the first one that is known."""

    source_id: int
    former: datetime | None
    at: datetime


@transaction.atomic
def store_devices(connection: Connection, page: Fetched) -> list[Upload]:
    """Keeps settings that changed. What receivers uploaded has to be read; then call ``note_upload``."""
    locked = hold(connection)
    keep_raw(locked, page)
    context = Context(now=page.at, zone=ZoneInfo(locked.patient.timezone))
    parsed = [parse_device(raw, context) for raw in page.records]
    refused = [(raw, one) for raw, one in zip(page.records, parsed, strict=True) if isinstance(one, Quarantined)]
    quarantine(locked, Resource.DEVICES, refused, page.at)
    devices = [one for one in parsed if isinstance(one, Device)]
    ids = source_ids(locked, [device.source for device in devices]).ids
    sources = {source.pk: source for source in Source.objects.filter(pk__in=list(ids.values()))}
    uploads = []
    for device in devices:
        source = sources[ids[device.source]]
        _keep_settings(source, device, page.at)
        if upload := _upload(source, device):
            uploads.append(upload)
    return uploads


@transaction.atomic
def note_upload(upload: Upload) -> None:
    Source.objects.filter(pk=upload.source_id).update(last_upload_at=upload.at)


def _upload(source: Source, device: Device) -> Upload | None:
    former, at = source.last_upload_at, device.last_upload_at
    if at is None or at == former:
        return None
    if device.source.is_receiver and (former is None or at - former > ADVANCED_BY):
        return Upload(source.pk, former, at)
    # A phone uploads all day, and so does a receiver in use: the passes read what it brings.
    Source.objects.filter(pk=source.pk).update(last_upload_at=at)
    return None


def _keep_settings(source: Source, device: Device, seen_at: datetime) -> None:
    newest = DeviceSettings.objects.filter(source_id=source.pk).order_by("-seen_at", "-id").first()
    if newest is not None and bytes(newest.digest) == device.settings_digest:
        return
    DeviceSettings.objects.create(
        source=source,
        patient_id=source.patient_id,
        seen_at=seen_at,
        digest=device.settings_digest,
        schedules=json.dumps(device.raw_schedules),
    )
