"""Which patients callers ask about: resolved inside each caller's own clinic, for all callers of a moment at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from rest_framework.exceptions import NotFound

from accounts.principals import PersonPrincipal
from edge.database import Transaction
from readings.people import is_possible_code
from readings.store.arrays import names, numbers
from tenancy.api.lookups import possible_uuid

# A code before the UUID of a login, as everywhere on the platform. A patient's login asks about itself by its id.
# LATERAL with a LIMIT: each name is one look at an index, whatever the planner believes of the table's size; a join
# reads all patients of all clinics of the moment. What is not asked for is left out before the index is opened.
FIND = """
SELECT asked.position, asked.organization_id, patient.id, patient.code, patient.timezone
  FROM unnest(%(organization_id)s::bigint[], %(code)s::text[], %(login)s::uuid[], %(own_id)s::bigint[])
       WITH ORDINALITY AS asked (organization_id, code, login, own_id, position)
 CROSS JOIN LATERAL (
    SELECT patient.id, patient.code, patient.timezone, 1 AS preference
      FROM patients_patient patient
     WHERE patient.organization_id = asked.organization_id AND patient.code = asked.code
     UNION ALL
    SELECT patient.id, patient.code, patient.timezone, 1
      FROM patients_patient patient
     WHERE patient.organization_id = asked.organization_id AND patient.id = asked.own_id AND asked.own_id IS NOT NULL
     UNION ALL
    SELECT patient.id, patient.code, patient.timezone, 2
      FROM accounts_membership member
      JOIN patients_patient patient
        ON patient.organization_id = asked.organization_id AND patient.id = member.patient_id
     WHERE member.organization_id = asked.organization_id AND member.user_public_id = asked.login
       AND member.is_active AND asked.login IS NOT NULL
     ORDER BY preference
     LIMIT 1
 ) patient
"""


# Tuples and not frozen dataclasses: one of each is made for every request.
class FoundPatient(NamedTuple):
    id: int
    code: str
    timezone: str


class HasCode(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...


Found = TypeVar("Found", bound=HasCode)


class Asked(NamedTuple):
    """``name``: a code, or the UUID of a login; where it is empty, the patient of ``patient_id``."""

    organization_id: int
    name: str
    patient_id: int | None = None


class PatientQuestion(NamedTuple):
    """``name``: me, a patient's code, or the UUID of a patient's login."""

    principal: PersonPrincipal
    name: str


async def find_patients(
    transaction: Transaction, questions: Sequence[PatientQuestion]
) -> list[FoundPatient | NotFound]:
    """One for each question; NotFound in the same words for missing, foreign and other people's patients."""
    found = await patients_named(transaction, [asked_by(*question) for question in questions])
    return [for_asker(*question, patient) for question, patient in zip(questions, found, strict=True)]


async def patients_named(transaction: Transaction, asked: Sequence[Asked]) -> list[FoundPatient | None]:
    """Patients of each asker's clinic; archived ones too, since their devices may still have readings to send."""
    rows = await transaction.fetch(FIND, columns_of(asked))
    found = {position: FoundPatient(*rest) for position, _, *rest in rows}
    return [found.get(number) for number in range(1, len(asked) + 1)]


def no_readings(name: str) -> NotFound:
    return NotFound(f"No glucose readings found for user {name}")


def asked_by(principal: PersonPrincipal, name: str) -> Asked:
    if principal.patient_id is None:
        return Asked(principal.organization_id, name)
    return Asked(principal.organization_id, "", principal.patient_id)


def for_asker(principal: PersonPrincipal, name: str, found: Found | None) -> Found | NotFound:
    """The database holds the clinic's line; who sees which of its patients is held here."""
    if principal.patient_id is not None:
        is_own = found is not None and (name in ("me", found.code) or name.lower() == str(principal.user_public_id))
        return found if found is not None and is_own else no_readings(name)
    if name == "me":
        return NotFound("You are not a patient here: name a patient's code instead of me.")
    hidden = principal.assigned_patients is not None and (found is None or found.id not in principal.assigned_patients)
    return no_readings(name) if found is None or hidden else found


def columns_of(asked: Sequence[Asked]) -> dict[str, str]:
    """The parameters of FIND."""
    codes = [one.name if is_possible_code(one.name) else None for one in asked]
    return {
        "organization_id": numbers([one.organization_id for one in asked]),
        "code": names(codes),
        "login": names([possible_uuid(code) if code else None for code in codes]),
        "own_id": numbers([one.patient_id for one in asked]),
    }
