"""Sealing what has been written, a minute later and apart from the writers: a chain in their way would slow them down.

Entries go by (epoch, transaction), not by id: ids are drawn in one order and committed in another, and a mark on ids
would pass entries by. A transaction below the oldest one that still runs can add nothing any more.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Seal
from audit.seals.chain import CANONICAL, FIRST_HEAD, digest_of, head_after, sign
from tenancy.scope import required_organization_id

ENTRIES_PER_SEAL = 5000

log = structlog.get_logger(__name__)

# What the owner set: transactions of earlier epochs ran in another server and are over.
EPOCH = """(
    SELECT pg_get_expr(adbin, adrelid)::smallint FROM pg_attrdef JOIN pg_attribute
        ON attrelid = adrelid AND attnum = adnum
     WHERE adrelid = 'audit_entry'::regclass AND attname = 'epoch')
"""
_FINISHED = f"""
    SELECT epoch, xid, id, at, {CANONICAL} FROM audit_entry
     WHERE organization_id = %(organization)s AND (epoch, xid, id) > (%(epoch)s, %(xid)s, %(id)s)
       AND (xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint OR epoch < {EPOCH})
     ORDER BY audit_entry.epoch, audit_entry.xid, audit_entry.id LIMIT %(limit)s
"""  # noqa: S608  constant text
_RESTORED_ELSEWHERE = f"SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint < %s AND %s >= {EPOCH}"


class RestoredElsewhere(RuntimeError):
    """The database runs in a server whose transactions count anew, and what it writes now could not be sealed."""


def seal_organization() -> list[Seal]:
    """Seal all finished entries of the organization in scope; returns the new seals, oldest first.

    Raises RestoredElsewhere after a restore that needs a new epoch.
    """
    made: list[Seal] = []
    while (seal := _seal_next()) is not None:
        made.append(seal)
        if seal.rows < ENTRIES_PER_SEAL:
            break
    return made


@transaction.atomic
def _seal_next() -> Seal | None:
    organization_id = required_organization_id()
    _wait_for_other_sealers(organization_id)
    last: Seal | None = Seal.objects.order_by("-number").first()
    if last is not None:
        _refuse_restored_elsewhere(last)
    found = _finished_entries(organization_id, last)
    if not found:
        return None
    digests = [digest_of(columns) for *_, columns in found]
    previous = bytes(last.head) if last else FIRST_HEAD
    epoch, xid, entry_id, _, _ = found[-1]
    seal = Seal(
        number=last.number + 1 if last else 1,
        epoch=epoch,
        upto_xid=xid,
        upto_id=entry_id,
        rows=len(found),
        first_at=min(at for _, _, _, at, _ in found),
        last_at=max(at for _, _, _, at, _ in found),
        entry_ids=[number for _, _, number, _, _ in found],
        entry_digests=b"".join(digests),
        previous_head=previous,
        head=head_after(previous, digests),
        sealed_at=timezone.now(),
    )
    sign(seal)
    seal.save(force_insert=True)
    return seal


def _finished_entries(organization_id: int, last: Seal | None) -> list[tuple[int, int, int, Any, list[str | None]]]:
    after = (last.epoch, last.upto_xid, last.upto_id) if last else (0, 0, 0)
    names = ("organization", "epoch", "xid", "id", "limit")
    with connection.cursor() as cursor:
        cursor.execute(_FINISHED, dict(zip(names, (organization_id, *after, ENTRIES_PER_SEAL), strict=True)))
        return [(*row[:4], list(row[4:])) for row in cursor.fetchall()]


def _wait_for_other_sealers(organization_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('audit_seal', %s))", [organization_id])


def _refuse_restored_elsewhere(last: Seal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RESTORED_ELSEWHERE, [last.upto_xid, last.epoch])
        (restored,) = cursor.fetchone()
    if restored:
        raise RestoredElsewhere(
            "The database was restored into a server whose transactions count anew: new entries of the audit ledger "
            "cannot be told from old ones. Run `manage.py audit new-epoch` once, with DATABASE_OWNER_URL set."
        )
