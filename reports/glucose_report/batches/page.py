"""Batches of reports: start one, see how far it is, fetch it."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Membership
from audit.actions import Action
from audit.services import record_look
from readings.exports import authority_of
from reports.clinic import current_clinic
from reports.glucose_report.answers import EXPORT
from reports.glucose_report.batches.services import delete_batch, start_batch, try_again
from reports.glucose_report.batches.zipped import zipped
from reports.glucose_report.choosing import PAPERS, choices_of
from reports.glucose_report.language import LANGUAGES, LanguageCode
from reports.glucose_report.subject import PERIODS, Paper
from reports.models import BatchReport, ReportBatch
from reports.tasks import make_batch
from tenancy.api.downloads import download
from tenancy.models import GlucoseUnit
from tenancy.tasks import send_task_after_commit

FETCHED = "reports.reportbatch"
NAMED_FAILURES = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """Of those reports of the batch that the caller may see."""

    batch: ReportBatch
    waiting: int
    made: int
    failed: int

    @classmethod
    def of(cls, batch: ReportBatch) -> Progress:
        counts = BatchReport.objects.filter(batch=batch).counted()
        states = BatchReport.State
        return cls(batch, *(counts.get(state, 0) for state in (states.WAITING, states.MADE, states.FAILED)))

    @property
    def total(self) -> int:
        return self.waiting + self.made + self.failed

    @property
    def done(self) -> int:
        return self.made + self.failed

    @property
    def choices_words(self) -> str:
        batch = self.batch
        language, paper = LANGUAGES[LanguageCode(batch.language)], PAPERS[Paper(batch.paper)]
        return f"{batch.days} days, {batch.unit}, {language}, {paper}"


def batches_page(request: HttpRequest) -> HttpResponse:
    _require_export(request)
    if request.method == "POST":
        return _start(request)
    progress = [Progress.of(batch) for batch in ReportBatch.objects.newest_first()]
    context = {
        **admin.site.each_context(request),
        "title": "Reports",
        "progress": progress,
        "is_working": any(one.waiting for one in progress),
        "choices": choices_of(request.GET, current_clinic(request)),
        "periods": PERIODS,
        "units": GlucoseUnit.values,
        "languages": [(code.value, name) for code, name in LANGUAGES.items()],
        "papers": [(paper.value, name) for paper, name in PAPERS.items()],
    }
    return TemplateResponse(request, "workplace/report_batches.html", context)


def batch_page(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    _require_export(request)
    found = _batch(batch)
    progress = Progress.of(found)
    failures = list(
        BatchReport.objects.filter(batch=found).failed().select_related("patient").order_by("id")[:NAMED_FAILURES]
    )
    if failures:
        record_look(kind=FETCHED, object_id=str(found.public_id), patient_ids=[one.patient_id for one in failures])
    context = {
        **admin.site.each_context(request),
        "title": "Reports of all patients",
        "progress": progress,
        "failures": failures,
        "is_working": progress.waiting > 0,
    }
    return TemplateResponse(request, "workplace/report_batch.html", context)


@require_POST
def batch_act(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    _require_export(request)
    found = _batch(batch)
    if request.POST.get("action") == "delete":
        delete_batch(batch=found)
        messages.success(request, "The reports were deleted.")
        return HttpResponseRedirect(reverse("admin:report_batches"))
    if request.POST.get("action") == "again":
        count = try_again(batch=found)
        send_task_after_commit(make_batch)
        messages.success(request, f"{count} wait once more.")
    return HttpResponseRedirect(reverse("admin:report_batch", args=[found.public_id]))


@require_GET
def batch_file(request: HttpRequest, batch: uuid.UUID) -> StreamingHttpResponse:
    """Recorded before the first byte: a file that breaks off has shown something, too."""
    _require_export(request)
    found = _batch(batch)
    patients = BatchReport.objects.filter(batch=found).made().values_list("patient_id", flat=True)
    record_look(
        kind=FETCHED,
        object_id=str(found.public_id),
        patient_ids=sorted(patients),
        action=Action.EXPORT,
        always=True,
    )
    principal = request.principal  # type: ignore[attr-defined]
    parts: Generator[bytes] = zipped(found, authority_of(principal, EXPORT))
    name = f"glucose-reports-{found.created_at:%Y-%m-%d}.zip"
    return download(parts, content_type="application/zip", file_name=name)


def _start(request: HttpRequest) -> HttpResponse:
    principal = request.principal  # type: ignore[attr-defined]
    member = Membership.objects.filter(pk=principal.membership_id).first()
    choices = choices_of(request.POST, current_clinic(request))
    try:
        batch = start_batch(choices=choices, member=member, member_name=principal.name)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
        return HttpResponseRedirect(reverse("admin:report_batches"))
    send_task_after_commit(make_batch)
    return HttpResponseRedirect(reverse("admin:report_batch", args=[batch.public_id]))


def _batch(public_id: uuid.UUID) -> ReportBatch:
    found: ReportBatch | None = ReportBatch.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _require_export(request: HttpRequest) -> Any:
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied
