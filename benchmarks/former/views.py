"""The current value as a plain view of Django and REST framework: what the data plane is measured against."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from edge.patients import no_readings
from edge.shapes import reading_extras, reading_item
from patients.models import Patient
from readings.models import PatientState, reading_public_id
from readings.people import find_patient
from tenancy.api.routing import RoutedView


class FormerCurrentGlucoseView(RoutedView, APIView):
    def get(self, request: Request, userId: str) -> Response:
        patient = _patient_to_read(request.user, userId)
        state = None
        if patient is not None:
            state = PatientState.objects.filter(patient_id=patient.pk).select_related("device").first()
        if patient is None or state is None:
            raise no_readings(userId)
        record_look(kind="readings.current", object_id=patient.code, patient_id=patient.pk)
        age = max(int((timezone.now() - state.measured_at).total_seconds()), 0)
        item = reading_item(
            state,
            public_id=str(reading_public_id(state.measured_at, state.device.public_number)),
            patient_code=patient.code,
            device_code=state.device.code,
        )
        return Response({**item, **reading_extras(state, trend=state.trend, rate=state.rate), "ageSeconds": age})


def _patient_to_read(principal: Any, name: str) -> Patient | None:
    if principal.patient_id is None:
        return find_patient(name)
    own = Patient.objects.get(pk=principal.patient_id)
    return own if name in ("me", own.code) else None
