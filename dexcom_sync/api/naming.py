"""What paths and queries name."""

from __future__ import annotations

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from accounts.models import Membership
from accounts.principals import signed_in_person
from dexcom_sync.models import Connection
from patients.models import Patient
from readings.people import find_patient
from tenancy.api.lookups import one_or_404, uuid_or_404

PATIENT_HELP = "code of the patient, or id of the person; a patient's login may leave it out"


def asked_patient(request: Request, name: str) -> Patient:
    """Of what the caller may not see nothing is said: 404, as for what does not exist."""
    if name:
        patient = find_patient(name)
    else:
        patient_id = signed_in_person(request).patient_id
        if patient_id is None:
            raise ValidationError({"patient": ["Say which patient: patient=CODE."]}, code="required")
        patient = Patient.objects.filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    return patient


def named_connection(connection_id: str) -> Connection:
    of_the_clinic = Connection.objects.select_related("patient").prefetch_related("progress")
    connection: Connection = one_or_404(of_the_clinic.filter(public_id=uuid_or_404(connection_id)))
    return connection


def caller_as_member(request: Request) -> Membership:
    """Not the platform's support, which no route of this kind lets through."""
    member: Membership = Membership.objects.get(pk=signed_in_person(request).membership_id)
    return member
