"""What people do with a connection; each of it stands in the ledger."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import record
from dexcom_sync.models import Connection
from dexcom_sync.services import tokens
from dexcom_sync.services.connecting import OBJECT

Status = Connection.Status


class NotPossible(Exception):
    """The connection does not stand so that this could be done; ``str()`` is a sentence for people."""


@transaction.atomic
def pause(*, connection: Connection) -> Connection:
    return _moved(
        connection, (Status.ACTIVE, Status.AUTH_SUSPECT), Status.PAUSED, "Only a connection in use is paused."
    )


@transaction.atomic
def resume(*, connection: Connection) -> Connection:
    return _moved(connection, (Status.PAUSED,), Status.ACTIVE, "The connection is not paused.")


@transaction.atomic
def disconnect(*, connection: Connection) -> Connection:
    """The tokens are erased; what was read stays. The patient removes the app in their Dexcom account as well."""
    standing = tuple(status for status in Status if status != Status.REVOKED)
    moved = _moved(connection, standing, Status.REVOKED, "The connection is withdrawn already.")
    tokens.erase(moved)
    return moved


@transaction.atomic
def accept_account(*, connection: Connection, reason: str) -> Connection:
    """A person has made sure that the account now signed in is this patient's: it is bound with the next answer."""
    return _moved(
        connection,
        (Status.QUARANTINED,),
        Status.ACTIVE,
        "The connection was not stopped.",
        reason=reason,
        dexcom_user_id="",
    )


def _moved(
    connection: Connection, froms: tuple[str, ...], to: str, otherwise: str, *, reason: str = "", **changes: str
) -> Connection:
    locked: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("patient").get(pk=connection.pk)
    )
    if locked.status not in froms:
        raise NotPossible(otherwise)
    before, locked.status = locked.status, to
    locked.next_due_at = timezone.now() if to == Status.ACTIVE else None
    locked.claim = locked.claimed_until = None
    locked.last_error, locked.last_error_at = "", None
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save()
    record(
        action=Action.UPDATE,
        object_type=OBJECT,
        object_id=str(locked.public_id),
        patient_id=locked.patient_id,
        changes={"status": (before, to)},
        reason=reason,
    )
    return locked
