"""What was refused to somebody who is known goes into the clinic's ledger, after the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from accounts.principals import PersonPrincipal
from audit.actions import Action, Outcome
from audit.store import INSERT, NewEntry, insertion
from edge.callers import KeyPrincipal, Principal
from edge.database import Database, Transaction
from edge.grouping import Group
from edge.looks import occasion_of
from edge.patients import FoundPatient, PatientQuestion, find_patients
from edge.requests import Request

log = structlog.get_logger(__name__)
OUTCOMES = {403: Outcome.DENIED, 404: Outcome.FAILED}
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Denial:
    request: Request
    principal: Principal
    status: int


class Denials:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._group: Group[Denial, None] = Group(self._write, name="denials", most=100, waiting=10_000)

    async def note(self, request: Request, principal: Principal | None, status: int) -> None:
        """A right that is missing, or a record that the caller does not have. What devices send is not audited."""
        is_ingestion = isinstance(principal, KeyPrincipal) and not request.is_read
        if principal is None or status not in OUTCOMES or is_ingestion:
            return
        try:
            await self._group.ask(Denial(request, principal, status))
        except Exception:
            # The answer is out: all that is left is to tell the operator.
            log.exception("audit_denial_lost", request_id=request.id)

    async def finish(self) -> None:
        await self._group.finish()

    async def _write(self, denials: Sequence[Denial]) -> Sequence[None]:
        organizations = {denial.principal.organization_id for denial in denials}
        async with self._database.transaction(organizations) as transaction:
            entries = [await _entry(transaction, denial) for denial in denials]
            await transaction.fetch(INSERT, insertion(entries))
        return [None] * len(denials)


async def _entry(transaction: Transaction, denial: Denial) -> NewEntry:
    request, principal = denial.request, denial.principal
    return NewEntry(
        organization_id=principal.organization_id,
        occasion=occasion_of(request, principal),
        action=Action.DENIED,
        object_type=request.route.name,
        object_id="/".join(request.parameters.values()).replace("\x00", "")[:LONGEST_ID],
        patient_id=await _named_patient(transaction, request, principal),
        reason=f"{request.method} was answered {denial.status}",
        outcome=OUTCOMES[denial.status],
    )


async def _named_patient(transaction: Transaction, request: Request, principal: Principal) -> int | None:
    """Whose record was asked for, where it is one of the clinic's that the caller may know of."""
    name = request.parameters.get("userId", "")
    if not name or not isinstance(principal, PersonPrincipal):
        return None
    (found,) = await find_patients(transaction, [PatientQuestion(principal, name)])
    return found.id if isinstance(found, FoundPatient) else None
