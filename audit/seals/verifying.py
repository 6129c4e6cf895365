"""Whether the ledger is as it was sealed: each altered, missing or added entry by its id, each seal by its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction

from audit.models import Seal
from audit.seals.chain import (
    CANONICAL,
    FIRST_HEAD,
    UnknownSigningKey,
    digest_of,
    digests_of,
    head_after,
    is_signed,
)
from audit.seals.retention import RetentionTimes, expiry_fault, retention_times
from audit.seals.sealing import EPOCH
from tenancy.scope import required_organization_id

Place = tuple[int, int, int]

_BETWEEN = f"""
    SELECT id, {CANONICAL} FROM audit_entry
     WHERE organization_id = %(organization)s AND (epoch, xid, id) > (%(epoch)s, %(xid)s, %(id)s)
       AND (epoch, xid, id) <= (%(upto_epoch)s, %(upto_xid)s, %(upto_id)s)
"""  # noqa: S608  constant text
_AFTER = """
    SELECT count(*) FROM audit_entry
     WHERE organization_id = %s AND (epoch, xid, id) > (%s, %s, %s)
"""
# No seal will ever reach these, so nothing else would name them.
_STILL_TO_COME = f"""
    SELECT id FROM audit_entry
     WHERE organization_id = %s AND (epoch, xid, id) > (%s, %s, %s) AND (epoch > {EPOCH}
           OR (epoch = {EPOCH} AND xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
     ORDER BY id
"""  # noqa: S608  constant text
# Below every epoch there can be: what was slipped in before the first seal's entries is in its reach.
_BEGINNING = (-32_769, 0, 0)


@dataclass(slots=True)
class Verification:
    seals: int = 0
    entries: int = 0
    expired: int = 0
    unsealed: int = 0
    head: str = ""
    faults: list[str] = field(default_factory=list)


def verify_organization(*, published_head: str = "") -> Verification:
    """Compare every entry of the organization in scope with its seal, in one snapshot of the database.

    ``published_head``: a head that was published outside; the ledger must contain it, or its end was cut off.
    """
    found = Verification()
    with transaction.atomic():
        _take_one_snapshot()
        times = retention_times()
        place, head, heads = _BEGINNING, FIRST_HEAD, set()
        for seal in Seal.objects.order_by("number").iterator(chunk_size=20):
            found.faults += _seal_faults(seal, found.seals + 1, head, times)
            found.faults += _entry_faults(seal, place, found)
            found.seals = seal.number
            place, head = (seal.epoch, seal.upto_xid, seal.upto_id), bytes(seal.head)
            heads.add(head.hex())
        found.head = head.hex() if found.seals else ""
        found.unsealed = _entries_after(place)
        found.faults += _entries_still_to_come(place)
    if published_head and published_head.lower() not in heads:
        found.faults.append(
            f"The published head {published_head} is not in the ledger: seals at its end, and their entries, are gone."
        )
    return found


def _take_one_snapshot() -> None:
    """Sealing and retention go on meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _seal_faults(seal: Seal, expected: int, previous: bytes, times: RetentionTimes) -> Iterator[str]:
    if seal.number != expected:
        missing = f"{expected}" if seal.number == expected + 1 else f"{expected} to {seal.number - 1}"
        yield f"Seal {missing} is missing."
    elif bytes(seal.previous_head) != previous:
        yield f"Seal {seal.number} does not follow from the one before: its former head differs."
    digests = digests_of(seal)
    if head_after(bytes(seal.previous_head), digests) != bytes(seal.head) or len(digests) != seal.rows:
        yield f"Seal {seal.number} was altered: its digests do not make its head."
    if len(seal.entry_ids) != seal.rows:
        yield f"Seal {seal.number} was altered: it names {len(seal.entry_ids)} entries and counts {seal.rows}."
    try:
        if not is_signed(seal):
            yield f"Seal {seal.number} was altered: its signature is not that of the key {seal.key_name!r}."
    except UnknownSigningKey:
        yield f"Seal {seal.number} cannot be checked: AUDIT_SIGNING_KEYS no longer has the key {seal.key_name!r}."
    if fault := expiry_fault(seal, times):
        yield fault


def _entry_faults(seal: Seal, after: Place, found: Verification) -> Iterator[str]:
    sealed = dict(zip(seal.entry_ids, digests_of(seal), strict=False))
    if seal.expired_at is not None:
        found.expired += seal.rows
        sealed = {}
    present = _digests_between(after, (seal.epoch, seal.upto_xid, seal.upto_id))
    found.entries += len(present)
    for number in sorted(sealed.keys() | present.keys()):
        if number not in present:
            yield f"Entry {number} was deleted: seal {seal.number} has it."
        elif number not in sealed:
            yield f"Entry {number} was slipped in: seal {seal.number} does not have it."
        elif sealed[number] != present[number]:
            yield f"Entry {number} was altered after seal {seal.number}."


def _digests_between(after: Place, upto: Place) -> dict[int, bytes]:
    names = ("organization", "epoch", "xid", "id", "upto_epoch", "upto_xid", "upto_id")
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, dict(zip(names, (required_organization_id(), *after, *upto), strict=True)))
        return {number: digest_of(columns) for number, *columns in cursor.fetchall()}


def _entries_after(place: Place) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, [required_organization_id(), *place])
        return int(cursor.fetchone()[0])


def _entries_still_to_come(place: Place) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_STILL_TO_COME, [required_organization_id(), *place])
        for (number,) in cursor.fetchall():
            yield (
                f"Entry {number} names a transaction that is still to come: it was slipped in, or the database was "
                "restored into another server and needs `manage.py audit new-epoch`."
            )
