"""A patient's measurements: the newest of each kind, how each goes, and the early warning score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from analytics.news2 import Risk
from audit.services import record_look
from patients.models import Patient
from readings.history.days import ONE_DAY, day_of
from reports.alarm_board.access import acting_member, require
from reports.named_rows import row_named
from reports.patient.head import head_of
from reports.patient.periods import DAYS, chosen_days
from reports.patient.vitals.daily_score import newest_daily_score
from reports.patient.vitals.entering import MeasurementForm
from reports.patient.vitals.figures import courses_of, newest_told
from reports.patient.vitals.observing import ObservationForm
from vitals.analysis.latest import latest_of
from vitals.models import Measurement, Observation
from vitals.observations.scoring import Scored, scored
from vitals.observations.services import Author, record_observation
from vitals.services import create_measurement, delete_measurement

VIEW, OBSERVE = "vitals.view_measurement", "vitals.add_observation"
ENTER, DELETE = "vitals.add_measurement", "vitals.delete_measurement"
SEEN = "vitals.measurement"
SHOWN = 8
# What the Royal College of Physicians asks for at each risk.
RESPONSES = {
    Risk.LOW: "Assessed by a nurse, who decides about more frequent monitoring.",
    Risk.LOW_MEDIUM: "One value alone counts 3: urgent assessment by a nurse, at least hourly observations.",
    Risk.MEDIUM: "Urgent assessment by a clinician, at least hourly observations.",
    Risk.HIGH: "Emergency assessment by a critical care team, continuous observation.",
}
WORDS = {
    "respiratory_rate": "respiratory rate",
    "blood_oxygen": "oxygen saturation",
    "oxygen_therapy": "air or oxygen",
    "systolic_pressure": "systolic pressure",
    "heart_rate": "heart rate",
    "consciousness": "consciousness",
    "body_temperature": "temperature",
}


@dataclass(frozen=True, slots=True)
class Told:
    """``total`` None: ``missing`` names what a score needs besides."""

    observation: Observation
    total: int | None
    risk: str
    response: str
    parts: list[tuple[str, int]]
    missing: str


def vitals_page(
    request: HttpRequest,
    patient: Patient,
    context: dict[str, Any],
    form: ObservationForm | None = None,
    entry: MeasurementForm | None = None,
) -> HttpResponse:
    """``form`` and ``entry``: what was refused, to be shown again."""
    may = request.user.has_perm
    require(request, VIEW)
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk)
    context |= head_of(request, patient, "vitals")
    days, now = chosen_days(request), timezone.now()
    last = day_of(now, patient.zone)
    latest = latest_of(patient)
    observations = list(Observation.objects.for_patient(patient).newest_first()[:SHOWN])
    context |= {
        "title": f"Vital signs of {patient}",
        "days": days,
        "periods": DAYS,
        "first": last - (days - 1) * ONE_DAY,
        "last_day": last,
        "newest": [newest_told(each, now) for each in latest],
        "daily_score": newest_daily_score(patient, last),
        "courses": courses_of(patient, [each.metric for each in latest], last=last, days=days),
        "scores": [_told(each) for each in scored(patient, observations)],
        "form": form or (ObservationForm() if may(OBSERVE) else None),
        "entry": entry or (MeasurementForm() if may(ENTER) else None),
        "entered": list(Measurement.objects.for_patient(patient).entered().newest_first()[:SHOWN]),
        "may_delete": may(DELETE),
    }
    return TemplateResponse(request, "workplace/patient_vitals.html", context, status=422 if form or entry else 200)


def _told(each: Scored) -> Told:
    score = each.score
    return Told(
        observation=each.observation,
        total=score.total,
        risk=score.risk.value if score.risk else "",
        response=RESPONSES[score.risk] if score.risk else "",
        parts=[(WORDS[parameter.value], points) for parameter, points in score.parts.items()],
        missing=", ".join(WORDS[parameter.value] for parameter in score.missing),
    )


def observe(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    """Keep what the form says, or show it again with what is wrong."""
    require(request, OBSERVE)
    form = ObservationForm(request.POST)
    if form.is_valid():
        member = acting_member(request)
        try:
            made = record_observation(patient=patient, author=Author(member, member.name), observed=form.observed())
        except ValidationError as error:
            _say(form, error)
        else:
            (shown,) = scored(patient, [made])
            total = shown.score.total
            messages.success(
                request, "The observations are kept." if total is None else f"Early warning score {total}."
            )
            return _back(patient)
    return vitals_page(request, patient, context, form)


def measure(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, ENTER)
    form = MeasurementForm(request.POST)
    if form.is_valid():
        sent = form.cleaned_data
        try:
            create_measurement(
                patient=patient, entered=sent["entered"], measured_at=sent["measured_at"], notes=sent["notes"]
            )
        except ValidationError as error:
            _say(form, error)
        else:
            messages.success(request, "The measurement is kept.")
            return _back(patient)
    return vitals_page(request, patient, context, entry=form)


def unmeasure(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    """Take back what was entered by mistake; the ledger keeps what it was."""
    require(request, DELETE)
    row: Measurement = row_named(Measurement.objects.for_patient(patient), request.POST.get("measurement", ""))
    delete_measurement(measurement=row)
    messages.success(request, "The measurement was deleted.")
    return _back(patient)


def _back(patient: Patient) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:patients_patient_vitals", args=[patient.pk]))


def _say(form: Form, error: ValidationError) -> None:
    for name, problems in getattr(error, "message_dict", {None: error.messages}).items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem)
