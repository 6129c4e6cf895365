"""Which devices callers name, by code or UUID, inside each caller's own clinic."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from edge.callers import KeyPrincipal
from edge.database import Transaction
from edge.slots import DeviceKey
from readings.people import is_possible_code
from tenancy.api.lookups import possible_uuid

# A code first: serial numbers of 32 hexadecimal digits are codes as well.
FIND = """
WITH asked AS (
    SELECT * FROM unnest(%(organization_id)s::bigint[], %(code)s::text[], %(public_id)s::uuid[])
             WITH ORDINALITY AS asked (organization_id, code, public_id, position)
), known AS (
    SELECT asked.position, device.id, device.code, device.public_id, device.public_number, 1 AS preference
      FROM asked JOIN devices_device device
        ON device.organization_id = asked.organization_id AND device.code = asked.code
     UNION ALL
    SELECT asked.position, device.id, device.code, device.public_id, device.public_number, 2
      FROM asked JOIN devices_device device
        ON device.organization_id = asked.organization_id AND device.public_id = asked.public_id
)
SELECT DISTINCT ON (position) position, id, code, public_id, public_number FROM known ORDER BY position, preference
"""
# To the minute, so that most requests write nothing. A device that begins to use a new key has done with the old one;
# a day is left for what it still has to send. All parts see the keys as they were before.
NOTE_USE = """
WITH used AS (
    SELECT key.organization_id, key.id, key.replaces_id, key.last_used_at
      FROM (SELECT DISTINCT * FROM unnest(%(organization_id)s::bigint[], %(key_id)s::bigint[])
            AS sent (organization_id, id)) sent
      JOIN devices_devicekey key ON key.organization_id = sent.organization_id AND key.id = sent.id
     WHERE key.last_used_at IS NULL OR key.last_used_at < now() - interval '1 minute'
     ORDER BY key.organization_id, key.id
), shortened AS (
    UPDATE devices_devicekey old SET expires_at = now() + interval '24 hours'
      FROM used
     WHERE used.last_used_at IS NULL AND old.organization_id = used.organization_id AND old.id = used.replaces_id
       AND old.expires_at > now() + interval '24 hours'
)
UPDATE devices_devicekey key SET last_used_at = now()
  FROM used WHERE key.organization_id = used.organization_id AND key.id = used.id
"""


@dataclass(frozen=True, slots=True)
class FoundDevice:
    id: int
    code: str
    public_id: uuid.UUID
    public_number: int


async def devices_named(transaction: Transaction, asked: Sequence[tuple[int, str]]) -> list[FoundDevice | None]:
    """``asked``: organization and name."""
    names = [name if is_possible_code(name) else None for _, name in asked]
    parameters = {
        "organization_id": [organization for organization, _ in asked],
        "code": names,
        "public_id": [possible_uuid(name) if name else None for name in names],
    }
    found = {position: FoundDevice(*rest) for position, *rest in await transaction.fetch(FIND, parameters)}
    return [found.get(number) for number in range(1, len(asked) + 1)]


def note_use_of_keys(transaction: Transaction, keys: Sequence[tuple[int, int]]) -> None:
    """``keys``: organization and key. Remember when each last reached a device of its own."""
    if keys:
        transaction.defer(NOTE_USE, {"organization_id": [key[0] for key in keys], "key_id": [key[1] for key in keys]})


async def devices_of_keys(
    transaction: Transaction, asked: Sequence[tuple[KeyPrincipal, str]]
) -> list[DeviceKey | None]:
    """The device of each, where its key may use it; and remember the key's use."""
    found = await devices_named(transaction, [(principal.organization_id, name) for principal, name in asked])
    keys = [
        (principal.organization_id, device.id) if device is not None and principal.may_use_device(device.id) else None
        for (principal, _), device in zip(asked, found, strict=True)
    ]
    used = [principal for (principal, _), key in zip(asked, keys, strict=True) if key is not None]
    note_use_of_keys(transaction, [(principal.organization_id, principal.key_id) for principal in used])
    return keys
