"""Whom a request is about."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from accounts.principals import signed_in_person
from patients.models import Patient
from readings.people import find_patient

NAME_A_PATIENT = "Name the patient that you ask about, by code."
NO_SUCH_PATIENT = "There is no patient with this code."


def patient_of(request: Request, user_id: str) -> Patient:
    """``user_id``: a segment of the path: me, a user's UUID, or the code of a patient. Raises NotFound."""
    patient = _own_patient(request) if user_id == "me" else find_patient(user_id)
    if patient is None:
        raise NotFound
    return patient


def patient_asked_about(request: Request, name: str | None) -> Patient:
    """``name``: a value of the query or the body; a patient's own login may leave it out. Raises ValidationError."""
    patient = find_patient(name) if name else _own_patient(request)
    if patient is None:
        text = NO_SUCH_PATIENT if name else NAME_A_PATIENT
        raise serializers.ValidationError({"patient": [text]}, code="unknown" if name else "required")
    return patient


def _own_patient(request: Request) -> Patient | None:
    number = signed_in_person(request).patient_id
    return Patient.objects.filter(pk=number).first() if number else None
