"""Which of the platform's devices a connection's readings come from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from devices.models import Device
from devices.sources import register_source
from dexcom_sync.models import Connection, Source
from dexcom_sync.records.enums import is_receiver

READING_INTERVAL = 300


@transaction.atomic
def give_device(connection: Connection) -> Any:
    """The device of the connection's phone; that of an earlier connection of the patient, where there was one."""
    if connection.device_id is None:
        connection.device = _of_an_earlier_one(connection, "device") or _made(connection, "DEXCOM-{}", "Dexcom")
        Connection.objects.filter(pk=connection.pk).update(device=connection.device)
    return connection.device


def devices_of(connection: Connection, source_ids: Collection[int]) -> dict[int, int]:
    """The id of the device for each of these sources. The caller holds the connection's lock."""
    if not source_ids:
        return {}
    named = dict(Source.objects.filter(pk__in=source_ids).values_list("id", "display_device"))
    receivers = {source_id for source_id, display_device in named.items() if is_receiver(display_device)}
    phone = give_device(connection).pk
    receiver = _receiver(connection).pk if receivers else phone
    return {source_id: receiver if source_id in receivers else phone for source_id in source_ids}


def _receiver(connection: Connection) -> Any:
    """Made after the phone's: of two readings that are copies the one of the device made first counts."""
    if connection.receiver_id is None:
        found = _of_an_earlier_one(connection, "receiver")
        connection.receiver = found or _made(connection, "DEXCOM-{}-R", "Dexcom receiver")
        Connection.objects.filter(pk=connection.pk).update(receiver=connection.receiver)
    return connection.receiver


def _of_an_earlier_one(connection: Connection, field: str) -> Device | None:
    """So that a patient who connects again has one source, and the readings stay single."""
    earlier = Connection.objects.of_patient(connection.patient).exclude(**{field: None}).order_by("-id")
    found = earlier.select_related(field).first()
    return None if found is None else getattr(found, field)


def _made(connection: Connection, form: str, name: str) -> Device:
    return register_source(
        patient=connection.patient,
        code=form.format(connection.patient.code),
        otherwise=form.format(connection.public_id.hex[:16]),
        name=name,
        kind=Device.Kind.DEXCOM,
        reading_interval=READING_INTERVAL,
    )
