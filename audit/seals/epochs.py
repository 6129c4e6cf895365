"""After a restore into another server: its transactions count anew, so entries get a new epoch to be ordered by."""

from __future__ import annotations

from django.db import connections, transaction

_OWNER = "owner"
# What the platform wrote between the restore and now carries the former epoch: no seal has it, and it is later in time
# than the last one.
_CARRY_OVER = """
    UPDATE audit_entry e SET epoch = %s
      FROM (SELECT DISTINCT ON (organization_id) organization_id, epoch, upto_xid, upto_id, last_at
              FROM audit_seal ORDER BY organization_id, number DESC) s
     WHERE e.organization_id = s.organization_id AND e.at > s.last_at
       AND (e.epoch, e.xid, e.id) <= (s.epoch, s.upto_xid, s.upto_id)
"""


def begin_new_epoch() -> int:
    """As the owner; returns the new epoch. Nothing that is sealed changes."""
    with transaction.atomic(using=_OWNER), connections[_OWNER].cursor() as cursor:
        cursor.execute("LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT COALESCE(max(epoch), 0) + 1 FROM audit_seal")
        epoch = int(cursor.fetchone()[0])
        cursor.execute(f"ALTER TABLE audit_entry ALTER COLUMN epoch SET DEFAULT {epoch:d}")
        cursor.execute(_CARRY_OVER, [epoch])
    return epoch
