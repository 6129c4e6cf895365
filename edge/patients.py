"""Which patients callers ask about: resolved inside each caller's own clinic, for all callers of a moment at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import NotFound

from accounts.principals import PersonPrincipal
from edge.database import Transaction
from readings.people import is_possible_code
from tenancy.api.lookups import possible_uuid

# A code before the UUID of a login, as everywhere on the platform. A patient's login asks about itself by its id.
FIND = """
WITH asked AS (
    SELECT * FROM unnest(%(organization_id)s::bigint[], %(code)s::text[], %(login)s::uuid[], %(own_id)s::bigint[])
             WITH ORDINALITY AS asked (organization_id, code, login, own_id, position)
), known AS (
    SELECT asked.position, asked.organization_id, patient.id, 1 AS preference
      FROM asked JOIN patients_patient patient
        ON patient.organization_id = asked.organization_id AND patient.code = asked.code
     UNION ALL
    SELECT asked.position, asked.organization_id, asked.own_id, 1 FROM asked WHERE asked.own_id IS NOT NULL
     UNION ALL
    SELECT asked.position, asked.organization_id, member.patient_id, 2
      FROM asked JOIN accounts_membership member
        ON member.organization_id = asked.organization_id AND member.user_public_id = asked.login
       AND member.is_active AND member.patient_id IS NOT NULL
)
SELECT DISTINCT ON (known.position) known.position, patient.id, patient.code, patient.timezone
  FROM known JOIN patients_patient patient
    ON patient.organization_id = known.organization_id AND patient.id = known.id
 ORDER BY known.position, known.preference
"""


@dataclass(frozen=True, slots=True)
class FoundPatient:
    id: int
    code: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Asked:
    """``name``: a code, or the UUID of a login; where it is empty, the patient of ``patient_id``."""

    organization_id: int
    name: str
    patient_id: int | None = None


@dataclass(frozen=True, slots=True)
class PatientQuestion:
    """``name``: me, a patient's code, or the UUID of a patient's login."""

    principal: PersonPrincipal
    name: str


async def find_patients(
    transaction: Transaction, questions: Sequence[PatientQuestion]
) -> list[FoundPatient | NotFound]:
    """One for each question; NotFound in the same words for missing, foreign and other people's patients."""
    found = await patients_named(transaction, [_asked(question) for question in questions])
    return [_for_asker(question, patient) for question, patient in zip(questions, found, strict=True)]


async def patients_named(transaction: Transaction, asked: Sequence[Asked]) -> list[FoundPatient | None]:
    """Patients of each asker's clinic; archived ones too, since their devices may still have readings to send."""
    rows = await transaction.fetch(FIND, _columns(asked))
    found = {position: FoundPatient(*rest) for position, *rest in rows}
    return [found.get(number) for number in range(1, len(asked) + 1)]


def no_readings(name: str) -> NotFound:
    return NotFound(f"No glucose readings found for user {name}")


def _for_asker(question: PatientQuestion, found: FoundPatient | None) -> FoundPatient | NotFound:
    """The database holds the clinic's line; who sees which of its patients is held here."""
    principal, name = question.principal, question.name
    if principal.patient_id is not None:
        is_own = found is not None and (name in ("me", found.code) or name.lower() == str(principal.user_public_id))
        return found if found is not None and is_own else no_readings(name)
    if name == "me":
        return NotFound("You are not a patient here: name a patient's code instead of me.")
    hidden = principal.assigned_patients is not None and (found is None or found.id not in principal.assigned_patients)
    return no_readings(name) if found is None or hidden else found


def _asked(question: PatientQuestion) -> Asked:
    principal = question.principal
    if principal.patient_id is None:
        return Asked(principal.organization_id, question.name)
    return Asked(principal.organization_id, "", principal.patient_id)


def _columns(asked: Sequence[Asked]) -> dict[str, list[Any]]:
    names = [one.name if is_possible_code(one.name) else None for one in asked]
    return {
        "organization_id": [one.organization_id for one in asked],
        "code": names,
        "login": [possible_uuid(name) if name else None for name in names],
        "own_id": [one.patient_id for one in asked],
    }
