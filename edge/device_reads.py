"""Readings under a device's address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rest_framework.exceptions import NotFound

from accounts.principals import PersonPrincipal
from edge.answers import Answer
from edge.callers import KeyPrincipal, Principal
from edge.database import Transaction, run
from edge.devices import FoundDevice, devices_named, note_use_of_keys
from edge.looks import Look
from edge.queries import ListQuery, NoQuery, WindowQuery, read_query
from edge.ranges import RangeReads
from edge.requests import Request
from edge.shapes import reading_item, statistics_body
from readings.history import DeviceKey, DeviceReading, device_page_steps, device_statistics_steps

# The kind of look that the routes name.
DEVICE_READINGS = "readings.device"
MEASURED = """
SELECT DISTINCT patient_id FROM devices_assignment
 WHERE organization_id = %(organization_id)s AND device_id = %(device_id)s
   AND (%(patient_ids)s::bigint[] IS NULL OR patient_id = ANY (%(patient_ids)s::bigint[]))
   AND (%(until)s::timestamptz IS NULL OR starts_at < %(until)s)
   AND (%(since)s::timestamptz IS NULL OR ends_at IS NULL OR ends_at > %(since)s)
 ORDER BY patient_id
"""


class DeviceReads:
    def __init__(self, reads: RangeReads) -> None:
        self._reads = reads

    async def list(self, request: Request, principal: Principal) -> Answer:
        query = read_query(request, ListQuery)

        async def read(transaction: Transaction) -> tuple[Answer, Sequence[Look]]:
            device, key = await _device_to_read(transaction, request, principal)
            found = await run(
                transaction,
                device_page_steps(
                    key,
                    public_number=device.public_number,
                    since=query.since,
                    until=query.until,
                    limit=query.limit,
                    offset=query.offset,
                ),
            )
            return Answer([_item(device, reading) for reading in found]), [_look(request, principal, device, found)]

        return await self._reads.answer(principal.organization_id, read)

    async def latest(self, request: Request, principal: Principal) -> Answer:
        read_query(request, NoQuery)

        async def read(transaction: Transaction) -> tuple[Answer, Sequence[Look]]:
            device, key = await _device_to_read(transaction, request, principal)
            steps = device_page_steps(key, public_number=device.public_number, since=None, until=None, limit=1)
            found = await run(transaction, steps)
            if not found:
                raise NotFound(f"No glucose readings found for device {request.parameters['deviceId']}")
            return Answer(_item(device, found[0])), [_look(request, principal, device, found)]

        return await self._reads.answer(principal.organization_id, read)

    async def statistics(self, request: Request, principal: Principal) -> Answer:
        query = read_query(request, WindowQuery)

        async def read(transaction: Transaction) -> tuple[Answer, Sequence[Look]]:
            device, key = await _device_to_read(transaction, request, principal)
            found = await run(transaction, device_statistics_steps(key, since=query.since, until=query.until))
            patient_ids = await _measured(transaction, key, query.since, query.until)
            body = statistics_body(device.code, query.since, query.until, found)
            seen = Look(request, principal, DEVICE_READINGS, device.code, patient_ids=tuple(patient_ids))
            return Answer(body), [seen]

        return await self._reads.answer(principal.organization_id, read)


async def _device_to_read(
    transaction: Transaction, request: Request, principal: Principal
) -> tuple[FoundDevice, DeviceKey]:
    """Raises NotFound, in the same words for a missing, a foreign and somebody else's device."""
    organization_id = principal.organization_id
    (device,) = await devices_named(transaction, [(organization_id, request.parameters["deviceId"])])
    if device is None:
        raise NotFound
    if isinstance(principal, KeyPrincipal):
        if not principal.may_use_device(device.id):
            raise NotFound
        note_use_of_keys(transaction, [(organization_id, principal.key_id)])
        return device, DeviceKey(organization_id, device.id)
    key = DeviceKey(organization_id, device.id, _patients_of(principal))
    if principal.patient_id is not None and not await _measured(transaction, key, None, None):
        raise NotFound
    return device, key


def _patients_of(principal: PersonPrincipal) -> tuple[int, ...] | None:
    """Whose readings the person may see; None: all of the clinic."""
    return principal.assigned_patients if principal.patient_id is None else (principal.patient_id,)


async def _measured(
    transaction: Transaction, key: DeviceKey, since: datetime | None, until: datetime | None
) -> list[int]:
    return [patient_id for (patient_id,) in await transaction.fetch(MEASURED, key.parameters(since, until))]


def _look(request: Request, principal: Principal, device: FoundDevice, found: Sequence[DeviceReading]) -> Look:
    """Of everybody whom the device measured in these readings."""
    patient_ids = tuple(sorted({reading.patient_id for reading in found}))
    return Look(request, principal, DEVICE_READINGS, device.code, patient_ids=patient_ids)


def _item(device: FoundDevice, reading: DeviceReading) -> dict[str, object]:
    return reading_item(
        reading, public_id=str(reading.public_id), patient_code=reading.patient_code, device_code=device.code
    )
