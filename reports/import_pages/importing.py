"""Import a file of a patient's readings: send it, look at what would happen, confirm, see what came of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import Membership
from audit.services import record_look
from patients.models import Patient
from readings.importing.columns import MG_DL, MMOL_L
from readings.importing.dates import DateOrder
from readings.importing.jobs import (
    LARGEST_FILE,
    Unanswered,
    confirm_import,
    discard_import,
    hold_file,
)
from readings.importing.layout import FORMAT_NAMES, Format
from readings.importing.naming import SAME, all_questions
from readings.importing.preview import Preview, ShownRow, preview
from readings.importing.reading import Answers, ImportFile, Question, open_file
from readings.importing.table import FileRefused
from readings.models import ImportJob
from readings.tasks import run_import
from reports.clinic import current_clinic
from reports.wording import value_words
from tenancy.encryption.errors import Shredded
from tenancy.models import validate_timezone
from tenancy.tasks import send_task_after_commit

IMPORT = "readings.add_glucosereading"
IMPORTS = "readings.importjob"
SHOWN_JOBS = 20
SECONDS_TO_LOOK_AGAIN = "2"


@dataclass(frozen=True, slots=True)
class Said:
    """What the form of the preview holds; what is missing or odd counts as not said."""

    unit: str | None
    date_order: DateOrder | None
    is_same_person: bool
    zone: str

    @classmethod
    def of(cls, sent: Any, patient: Patient) -> Said:
        unit, order = sent.get("unit", ""), sent.get("dateOrder", "")
        return cls(
            unit=unit if unit in (MG_DL, MMOL_L) else None,
            date_order=DateOrder(order) if order in list(DateOrder) else None,
            is_same_person=sent.get("person") == SAME,
            zone=_zone(sent.get("zone", "")) or patient.timezone,
        )

    @property
    def answers(self) -> Answers:
        return Answers(unit=self.unit, date_order=self.date_order)


def _zone(name: str) -> str:
    try:
        validate_timezone(name)
    except ValidationError:
        return ""
    return name


def import_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    _require(request)
    problem = ""
    if request.method == "POST":
        sent = request.FILES.get("file")
        try:
            if sent is None:
                raise FileRefused(_why_no_file(request))
            content = sent.read()
            if len(content) > LARGEST_FILE:
                raise FileRefused(_why_no_file(request))
            principal = request.principal  # type: ignore[attr-defined]
            member = Membership.objects.filter(pk=principal.membership_id).first()
            job = hold_file(patient=patient, content=content, member=member, member_name=principal.name)
            return HttpResponseRedirect(_address(patient, job))
        except FileRefused as refusal:
            problem = str(refusal)
        except ValidationError as refusal:
            problem = " ".join(refusal.messages)
    jobs = ImportJob.objects.of_patient(patient).newest_first().defer("sealed_file", "sealed_refusals")[:SHOWN_JOBS]
    record_look(kind=IMPORTS, object_id=patient.code, patient_id=patient.pk)
    context |= {
        "title": f"Import readings of {patient}",
        "patient": patient,
        "jobs": list(jobs),
        "problem": problem,
        "most": LARGEST_FILE // 1024**2,
    }
    return TemplateResponse(request, "workplace/import.html", context)


def _why_no_file(request: HttpRequest) -> str:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FILE:
        return f"The file is larger than {LARGEST_FILE // 1024**2} MB. Export a shorter period."
    return "Choose the file first."


def import_job_page(
    request: HttpRequest, patient: Patient, public_id: uuid.UUID, context: dict[str, Any]
) -> HttpResponse:
    _require(request)
    job: ImportJob | None = ImportJob.objects.of_patient(patient).filter(public_id=public_id).first()
    if job is None:
        raise Http404
    if request.method == "POST" and (answer := _acted(request, patient, job)):
        return answer
    record_look(kind=IMPORTS, object_id=str(job.public_id), patient_id=patient.pk)
    context |= {
        "title": f"Import readings of {patient}",
        "patient": patient,
        "job": job,
        "format_name": FORMAT_NAMES.get(Format(job.format), "") if job.format else "",
    }
    if job.state == ImportJob.State.PREVIEW:
        context |= _preview_context(request, patient, job)
    else:
        context |= {"refusals": _refusals(job), "percent": 100 * job.rows_done // max(job.rows_total, 1)}
    answer = TemplateResponse(request, "workplace/import_job.html", context)
    if job.state == ImportJob.State.RUNNING:
        answer.headers["Refresh"] = SECONDS_TO_LOOK_AGAIN
    return answer


def _acted(request: HttpRequest, patient: Patient, job: ImportJob) -> HttpResponse | None:
    """None where the preview is to be shown again, by other answers."""
    action = request.POST.get("action", "")
    said = Said.of(request.POST, patient)
    if action != "discard" and not _zone(request.POST.get("zone", "")):
        messages.error(request, "Name a time zone such as Europe/Berlin or UTC.")
        return None
    try:
        if action == "discard":
            discard_import(job=job)
            messages.success(request, "Nothing was imported, and the file was erased.")
            return HttpResponseRedirect(reverse("admin:patients_patient_import", args=[patient.pk]))
        if action == "confirm":
            confirm_import(job=job, answers=said.answers, zone=said.zone, is_same_person=said.is_same_person)
            send_task_after_commit(run_import, job_id=job.pk)
            return HttpResponseRedirect(_address(patient, job))
    except Unanswered:
        messages.error(request, "Answer the questions first.")
    except FileRefused as refusal:
        messages.error(request, str(refusal))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(_address(patient, job))
    return None


def _preview_context(request: HttpRequest, patient: Patient, job: ImportJob) -> dict[str, Any]:
    said = Said.of(request.POST, patient)
    try:
        file = open_file(job.content, said.answers)
    except Shredded:
        raise Http404 from None
    questions = _all_asked(job, file, said, patient)
    told = None
    if not any(question.name == "dateOrder" for question in file.questions):
        told = preview(file=file, patient=patient, zone=ZoneInfo(said.zone))
    unit = current_clinic(request).glucose_unit
    return {
        "file": file,
        "said": said,
        "questions": questions,
        "told": told,
        "ends": _ends(told, unit) if told else [],
        "zones": sorted({patient.timezone, current_clinic(request).timezone, "UTC", said.zone}),
        "ignored": told.ignored.most_common() if told else [],
        "period": _period(told),
    }


def _all_asked(job: ImportJob, file: ImportFile, said: Said, patient: Patient) -> list[tuple[Question, str]]:
    """Every question with its answer, so that an answer can be changed: asked of the file without answers."""
    answers = {"unit": said.unit or "", "dateOrder": said.date_order or "", "person": SAME * said.is_same_person}
    unanswered = open_file(job.content, Answers()) if said.unit or said.date_order else file
    return [(question, answers[question.name]) for question in all_questions(unanswered, patient)]


def _ends(told: Preview, unit: str) -> list[tuple[int, str, str]]:
    return [_end_row(row, told.zone, unit) for row in (*told.first_rows, *told.last_rows)]


def _end_row(row: ShownRow, zone: ZoneInfo, unit: str) -> tuple[int, str, str]:
    value = value_words(row.glucose, row.range_flag, unit)
    when = f"{row.measured_at.astimezone(zone):%a %d %b %Y, %H:%M}"
    return row.line, when, value if row.range_flag else f"{value} {unit}"


def _period(told: Preview | None) -> str:
    if told is None or told.first_at is None or told.last_at is None:
        return ""
    first, last = (time.astimezone(told.zone) for time in (told.first_at, told.last_at))
    return f"{first:%d %b %Y, %H:%M} to {last:%d %b %Y, %H:%M}"


def _refusals(job: ImportJob) -> list[tuple[int, str]]:
    try:
        return job.refusals
    except Shredded:
        return []


def _address(patient: Patient, job: ImportJob) -> str:
    return reverse("admin:patients_patient_import_job", args=[patient.pk, job.public_id])


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(IMPORT):
        raise PermissionDenied
