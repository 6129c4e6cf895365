"""Which patient a text means: a code, or the UUID of the person who signs in as that patient."""

from __future__ import annotations

import re
from collections.abc import Iterable

from accounts.models import Membership
from patients.models import Patient
from tenancy.api.lookups import possible_uuid

MAX_LENGTH = 50
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def find_patient(name: str) -> Patient | None:
    return find_patients([name]).get(name)


def find_patients(names: Iterable[str]) -> dict[str, Patient]:
    """Patients of the clinic in scope; archived ones too, since their devices may still have readings to send."""
    possible = {name for name in names if is_possible_code(name)}
    found = {patient.code: patient for patient in Patient.objects.filter(code__in=possible)}
    found.update(_patients_of_people(possible - found.keys()))
    return found


def is_possible_code(name: str) -> bool:
    """Whether a patient or a device can have this code or UUID; everything else is not asked of the database."""
    return len(name) <= MAX_LENGTH and _CODE.fullmatch(name) is not None


def _patients_of_people(names: Iterable[str]) -> dict[str, Patient]:
    uuids = {name: public_id for name in names if (public_id := possible_uuid(name))}
    if not uuids:
        return {}
    memberships = Membership.objects.active().filter(user_public_id__in=uuids.values(), patient_id__isnull=False)
    patient_ids = dict(memberships.values_list("user_public_id", "patient_id"))
    patients = Patient.objects.in_bulk(patient_ids.values())
    # Staff who see only their patients see the login of another, as a colleague's, and not the patient behind it.
    seen = {public_id: patients[key] for public_id, key in patient_ids.items() if key in patients}
    return {name: seen[public_id] for name, public_id in uuids.items() if public_id in seen}
