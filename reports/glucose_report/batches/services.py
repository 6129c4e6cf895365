"""The one door for batches of reports."""

from __future__ import annotations

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from audit.actions import Action
from audit.changes import record_creation
from audit.services import record
from patients.models import Patient
from reports.glucose_report.choosing import choices_of
from reports.glucose_report.loading import report_content
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import Choices
from reports.models import BatchReport, ReportBatch
from tenancy.managers import audited_elsewhere
from tenancy.models import Organization
from tenancy.refusals import Refusal
from tenancy.scope import required_organization_id

log = structlog.get_logger(__name__)
BATCH = ReportBatch._meta.label_lower
# Each holds a sealed file for every patient.
MOST_AT_ONCE = 5
NOT_MADE = "The report could not be made. Try again; if it fails again, the server's log says why."


@transaction.atomic
def start_batch(*, choices: Choices, member: Membership | None, member_name: str) -> ReportBatch:
    """Of every current patient that the caller may see, fixed now. The task is sent by whoever calls."""
    if ReportBatch.objects.count() >= MOST_AT_ONCE:
        raise ValidationError(f"There are {MOST_AT_ONCE} batches already: delete one that is not needed any more.")
    patients = list(Patient.objects.current().values_list("pk", flat=True))
    if not patients:
        raise ValidationError("There is no patient to make a report of.")
    batch = ReportBatch(
        member=member,
        member_name=member_name,
        days=choices.days,
        language=choices.language.value,
        paper=choices.paper.value,
        unit=choices.unit,
    )
    batch.full_clean(exclude=["member"])
    batch.save()
    BatchReport.objects.bulk_create(
        [BatchReport(batch=batch, patient_id=patient_id) for patient_id in patients], batch_size=1_000
    )
    record_creation(batch, object_id=str(batch.public_id), skip=["member"])
    return batch


def make_reports(*, limit: int) -> int:
    """At most ``limit`` of those that wait in the clinic in scope, each in a transaction of its own; returns how many.

    A worker that is stopped in between loses the one it was at, which then waits still.
    """
    clinic = _clinic()
    return sum(1 for _ in range(limit) if _make_next(clinic))


@transaction.atomic
def _clinic() -> Organization:
    clinic: Organization = Organization.objects.get(pk=required_organization_id())
    return clinic


@transaction.atomic
def _make_next(clinic: Organization) -> bool:
    waiting = BatchReport.objects.waiting().select_for_update(skip_locked=True, of=("self",))
    report: BatchReport | None = waiting.select_related("batch", "patient").order_by("batch_id", "id").first()
    if report is None:
        return False
    try:
        with transaction.atomic():
            report.pdf = _pdf_of(report, clinic)
        report.state, report.problem = BatchReport.State.MADE, ""
    except Refusal as refusal:
        report.state, report.problem = BatchReport.State.FAILED, str(refusal)[:200]
    except Exception:
        log.exception("report_not_made", batch=str(report.batch.public_id), report=str(report.public_id))
        report.state, report.problem = BatchReport.State.FAILED, NOT_MADE
    with transaction.atomic():
        report.save(update_fields=["state", "problem", "sealed_pdf"])
    return True


def _pdf_of(report: BatchReport, clinic: Organization) -> bytes:
    batch = report.batch
    choices = choices_of(
        {"days": str(batch.days), "language": batch.language, "paper": batch.paper, "unit": batch.unit}, clinic
    )
    now = timezone.now()
    return report_pdf(report_content(patient=report.patient, clinic=clinic, choices=choices, made_at=now), made_at=now)


@transaction.atomic
def try_again(*, batch: ReportBatch) -> int:
    """Those that failed wait once more."""
    count: int = BatchReport.objects.filter(batch=batch).failed().update(state=BatchReport.State.WAITING, problem="")
    if count:
        record(action=Action.UPDATE, object_type=BATCH, object_id=str(batch.public_id), count=count, reason="try again")
    return count


@transaction.atomic
def delete_batch(*, batch: ReportBatch) -> None:
    _delete(batch, Action.DELETE)


def remove_expired_batches() -> int:
    """Of the clinic in scope; returns how many."""
    removed = 0
    while _remove_one():
        removed += 1
    return removed


@transaction.atomic
def _remove_one() -> bool:
    batch: ReportBatch | None = ReportBatch.objects.expired().select_for_update(skip_locked=True).first()
    if batch is None:
        return False
    _delete(batch, Action.EXPIRE)
    return True


def _delete(batch: ReportBatch, action: Action) -> None:
    record(action=action, object_type=BATCH, object_id=str(batch.public_id))
    # Without their files, which would fill the memory.
    BatchReport.objects.filter(batch=batch).only("id").delete()
    with audited_elsewhere("the entry above"):
        batch.delete()
