"""The doors to the ledger. Nothing here changes an entry that stands."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from audit.actions import Action, Outcome
from audit.denials import after_the_answer
from audit.looks import write_look
from audit.occasion import current_occasion
from audit.store import NO_ORGANIZATION, Changes, NewEntry, insert, insert_for_person
from tenancy.scope import current_organization_id, organization_scope, required_organization_id

log = structlog.get_logger(__name__)


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
    object_id: str = "",
    patient_id: int | None = None,
    patient_ids: Sequence[int] | None = None,
    always: bool = False,
    action: Action | None = None,
) -> None:
    """Write that somebody saw patients' data, in the transaction that reads them: no entry, no data.

    ``kind``: what was seen, as the Route's ``audited`` names it ("patients.patient", "readings.history").
    ``patient_id`` for one record, ``patient_ids`` for a page that lists. A look of the same kind at the same patients
    by the same person and sign-in within 15 minutes is covered by the entry of the first. ``always``: never covered;
    for exports (``action`` says so) and medical history.
    """
    look = NewEntry(
        organization_id=required_organization_id(),
        occasion=current_occasion(),
        action=action or (Action.READ if patient_ids is None else Action.LIST),
        object_type=kind,
        object_id=object_id,
        patient_id=patient_id,
        patient_ids=patient_ids,
        count=1 if patient_ids is None else len(patient_ids),
    )
    if always:
        insert([look])
    else:
        write_look(look)


def record_denial(
    *,
    action: Action,
    object_type: str,
    object_id: str,
    reason: str,
    patient_id: int | None = None,
    outcome: Outcome = Outcome.DENIED,
    user_public_id: UUID | None = None,
) -> None:
    """Write that something was refused or failed, after the answer and in a transaction of its own.

    It goes to the clinic in scope; with ``user_public_id`` to every clinic of that person (a failed sign-in). Where
    neither is known, as for an unknown address, there is no ledger to write to: one line of the log tells it.
    """
    denied = NewEntry(
        organization_id=current_organization_id() or NO_ORGANIZATION,
        occasion=current_occasion(),
        action=action,
        object_type=object_type,
        object_id=object_id,
        patient_id=patient_id,
        reason=reason,
        outcome=outcome,
    )
    if user_public_id is not None:
        after_the_answer(lambda: insert_for_person(user_public_id, denied))
    elif denied.organization_id == NO_ORGANIZATION:
        log.warning("audit_denial", action=action.value, object_type=object_type, reason=reason)
    else:
        after_the_answer(lambda: _insert_in_scope(denied))


def record_for_person(
    *,
    user_public_id: UUID,
    action: Action,
    reason: str = "",
    object_type: str = "accounts.user",
    object_id: str = "",
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Write what concerns a person's account in the ledger of every clinic where the person is an active member.

    In the caller's transaction, and in any scope or none: accounts belong to no clinic. A person without a clinic
    leaves no entry.
    """
    about = NewEntry(
        organization_id=NO_ORGANIZATION,
        occasion=current_occasion(),
        action=action,
        object_type=object_type,
        object_id=object_id or str(user_public_id),
        reason=reason,
        outcome=outcome,
    )
    insert_for_person(user_public_id, about)


def _insert_in_scope(entry: NewEntry) -> None:
    if current_organization_id() == entry.organization_id:
        insert([entry])
    else:
        with organization_scope(entry.organization_id):
            insert([entry])
