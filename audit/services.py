"""The doors to the ledger. Nothing here changes an entry that stands."""

from __future__ import annotations

from collections.abc import Sequence

from audit.actions import Action, Outcome
from audit.occasion import current_occasion
from audit.store import Changes, NewEntry, insert
from tenancy.scope import required_organization_id


def record(
    *,
    action: Action,
    object_type: str,
    object_id: str,
    patient_id: int | None = None,
    changes: Changes | None = None,
    reason: str = "",
    count: int = 1,
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Write one entry in the caller's transaction: what is rolled back was not done.

    ``object_type`` as "app.model", ``object_id`` what the outside calls it. ``changes``: field -> (old, new), in the
    order in which they shall be shown; of a sealed field its sealed text, never the plain one. ``count``: of a batch
    that is one entry. Raises ScopeError without an organization in scope.
    """
    insert(
        [
            NewEntry(
                organization_id=required_organization_id(),
                occasion=current_occasion(),
                action=action,
                object_type=object_type,
                object_id=object_id,
                patient_id=patient_id,
                reason=reason,
                count=count,
                outcome=outcome,
                changes=changes,
            )
        ]
    )


def record_look(
    *,
    kind: str,
    object_id: str,
    patient_id: int | None = None,
    patient_ids: Sequence[int] | None = None,
    always: bool = False,
) -> None:
    """Write that somebody saw patients' data, in the transaction that reads them: no entry, no data.

    ``kind``: what was seen, as "app.model" or a finer word ("patients.history"). ``patient_id`` for one record,
    ``patient_ids`` for a page that lists. ``always``: looks that are never covered by an earlier one (exports,
    medical history).
    """
    insert(
        [
            NewEntry(
                organization_id=required_organization_id(),
                occasion=current_occasion(),
                action=Action.READ if patient_ids is None else Action.LIST,
                object_type=kind,
                object_id=object_id,
                patient_id=patient_id,
                patient_ids=patient_ids,
                count=1 if patient_ids is None else len(patient_ids),
            )
        ]
    )


def record_denial(
    *,
    action: Action,
    object_type: str,
    object_id: str,
    reason: str,
    patient_id: int | None = None,
    organization_id: int | None = None,
) -> None:
    """Write that something was refused, or a sign-in failed.

    It is written after the answer, in a transaction of its own: the one of the request is rolled back.
    """
    insert(
        [
            NewEntry(
                organization_id=organization_id or required_organization_id(),
                occasion=current_occasion(),
                action=action,
                object_type=object_type,
                object_id=object_id,
                patient_id=patient_id,
                reason=reason,
                outcome=Outcome.DENIED,
            )
        ]
    )
