"""The one door for imports of files that people send: held for a preview, begun, run in pieces, ended."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from accounts.models import Membership
from audit.actions import Action
from audit.services import record
from patients.models import Patient
from readings.importing.dates import DateOrder
from readings.importing.importer import Importer, Summary
from readings.importing.layout import Format
from readings.importing.naming import all_questions
from readings.importing.reading import Answers, ImportFile, Question, open_file
from readings.importing.rows import BadRow
from readings.models import ImportJob
from tenancy.encryption.errors import Shredded
from tenancy.models import validate_timezone
from tenancy.refusals import Refusal

JOB = ImportJob._meta.label_lower
LARGEST_FILE = 20 * 1024 * 1024
KEPT_REFUSALS = 1_000
BROKE_OFF = "The import broke off. What it stored is kept; import the file again, and the rest is added."
EXPIRED = "Nobody confirmed the import within a day, so the file was erased."
SHREDDED = "The patient's keys were destroyed, and the file with them."
ARCHIVED = "The patient is archived: nothing can be imported."

log = structlog.get_logger(__name__)


class Unanswered(Exception):
    """The file leaves something open that a person has to say."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__(" ".join(question.text for question in questions))
        self.questions = questions


class ImportRefused(Refusal):
    status_code = 409


@transaction.atomic
def hold_file(*, patient: Patient, content: bytes, member: Membership | None, member_name: str) -> ImportJob:
    """Keep a file until somebody has looked at its preview. Raises FileRefused."""
    _refuse_archived(patient)
    layout = open_file(content, Answers()).layout
    return _kept(patient, content, member, member_name, format_=layout.format, zone=patient.timezone)


@transaction.atomic
def begin_import(
    *,
    patient: Patient,
    content: bytes,
    answers: Answers,
    zone: str,
    is_same_person: bool,
    member: Membership | None,
    member_name: str,
) -> ImportJob:
    """The task is sent by whoever calls. Raises FileRefused, Unanswered, ValidationError (of the zone)."""
    _refuse_archived(patient)
    job = _kept(patient, content, member, member_name, format_=answers.format, zone=zone or patient.timezone)
    return _begun(job, open_file(content, answers), zone or patient.timezone, is_same_person)


@transaction.atomic
def confirm_import(*, job: ImportJob, answers: Answers, zone: str, is_same_person: bool) -> ImportJob:
    """The same, of a file that was held. Raises ImportRefused where it is not held any more."""
    locked = _locked(job, ImportJob.State.PREVIEW)
    _refuse_archived(locked.patient)
    return _begun(locked, open_file(locked.content, answers), zone or locked.patient.timezone, is_same_person)


@transaction.atomic
def discard_import(*, job: ImportJob) -> None:
    locked = _locked(job, ImportJob.State.PREVIEW)
    _end(locked, ImportJob.State.DISCARDED, "")
    record(action=Action.DELETE, object_type=JOB, object_id=str(locked.public_id), patient_id=locked.patient_id)


def _refuse_archived(patient: Patient) -> None:
    if patient.archived_at is not None:
        raise ImportRefused(ARCHIVED)


def _locked(job: ImportJob, state: ImportJob.State) -> ImportJob:
    jobs = ImportJob.objects.select_for_update(of=("self",)).select_related("patient")
    locked: ImportJob | None = jobs.filter(pk=job.pk, state=state).first()
    if locked is None:
        raise ImportRefused("This import was confirmed, discarded or given up already.")
    return locked


def _kept(
    patient: Patient, content: bytes, member: Membership | None, member_name: str, *, format_: Format | None, zone: str
) -> ImportJob:
    job = ImportJob(patient=patient, member=member, member_name=member_name, format=format_ or "", timezone=zone)
    job.content = content
    job.save()
    record(action=Action.CREATE, object_type=JOB, object_id=str(job.public_id), patient_id=patient.pk)
    return job


def _begun(job: ImportJob, file: ImportFile, zone: str, is_same_person: bool) -> ImportJob:
    validate_timezone(zone)
    questions = file.questions if is_same_person else all_questions(file, job.patient)
    if questions:
        raise Unanswered(questions)
    job.format, job.unit, job.date_order = file.layout.format, file.unit or "", file.date_order or ""
    job.timezone, job.state = zone, ImportJob.State.RUNNING
    job.rows_total = sum(1 for _ in file.rows())
    job.save(update_fields=["format", "unit", "date_order", "timezone", "state", "rows_total"])
    record(
        action=Action.IMPORT,
        object_type=JOB,
        object_id=str(job.public_id),
        patient_id=job.patient_id,
        reason=f"{job.format}, {job.unit}, {job.timezone}",
    )
    return job


def run_import(job_id: int) -> None:
    """Store what is left of a job's file, in pieces that each commit what they stored together with how far it is.

    Whoever runs it beside another, or after one that broke off, goes on where the other was: a piece is stored once.
    """
    try:
        _run(job_id)
    except (OperationalError, InterfaceError):
        log.warning("import_waits", job=job_id, advice="The database was away; the sweep goes on with it.")
    except Exception:
        log.exception("import_broke_off", job=job_id)
        _give_up(job_id, BROKE_OFF)


def _run(job_id: int) -> None:
    with transaction.atomic():
        job = _running(job_id)
        if job is None:
            return
        if job.patient.archived_at is not None:
            return _end(job, ImportJob.State.FAILED, ARCHIVED)
        try:
            content = job.content
        except Shredded:
            return _end(job, ImportJob.State.FAILED, SHREDDED)
        before = _Counts(job)
    answers = Answers(format=Format(job.format), unit=job.unit, date_order=_order(job))
    refusals = job.refusals
    importer = Importer(
        find_patient=lambda _: job.patient,
        zone=ZoneInfo(job.timezone),
        on_bad_row=lambda row: _note(refusals, row),
    )
    pieces = importer.run(open_file(content, answers).rows(), done=job.rows_done)
    done = job.rows_done
    while True:
        with transaction.atomic():
            current = _running(job_id)
            if current is None or current.rows_done != done:
                return
            stored = next(pieces, 0)
            if not stored:
                return _end(current, ImportJob.State.DONE, "")
            done += stored
            _save_progress(current, done, before, importer.summary, refusals)


class _Counts:
    """Where an earlier run left off."""

    def __init__(self, job: ImportJob) -> None:
        self.created, self.duplicates, self.refused = job.created, job.duplicates, job.refused
        self.ignored, self.first_at, self.last_at = dict(job.ignored), job.first_at, job.last_at


def _running(job_id: int) -> ImportJob | None:
    jobs = ImportJob.objects.running().select_for_update(of=("self",), skip_locked=True).select_related("patient")
    found: ImportJob | None = jobs.filter(pk=job_id).first()
    return found


def _order(job: ImportJob) -> DateOrder | None:
    return DateOrder(job.date_order) if job.date_order else None


def _note(refusals: list[tuple[int, str]], row: BadRow) -> None:
    if len(refusals) < KEPT_REFUSALS:
        refusals.append((row.line, row.reason))


def _save_progress(
    job: ImportJob, done: int, before: _Counts, summary: Summary, refusals: list[tuple[int, str]]
) -> None:
    job.rows_done = done
    job.created = before.created + summary.created
    job.duplicates = before.duplicates + summary.duplicates
    job.refused = before.refused + summary.bad
    job.ignored = {
        kind: before.ignored.get(kind, 0) + summary.ignored[kind] for kind in {*before.ignored, *summary.ignored}
    }
    times = [time for count in summary.patients.values() for time in (count.first, count.last)]
    known = [time for time in (before.first_at, before.last_at, *times) if time is not None]
    job.first_at, job.last_at = min(known, default=None), max(known, default=None)
    job.refusals = refusals
    job.save(
        update_fields=[
            *("rows_done", "created", "duplicates", "refused", "ignored", "first_at", "last_at", "sealed_refusals")
        ]
    )


def _end(job: ImportJob, state: ImportJob.State, problem: str) -> None:
    job.state, job.problem, job.finished_at, job.sealed_file = state, problem, timezone.now(), ""
    job.save(update_fields=["state", "problem", "finished_at", "sealed_file"])


@transaction.atomic
def _give_up(job_id: int, problem: str) -> None:
    job = _running(job_id)
    if job is not None:
        _end(job, ImportJob.State.FAILED, problem)


def sweep_imports() -> None:
    """Of the clinic in scope: go on with what no worker has in hand, and erase files that were kept long enough."""
    for job_id in _waiting():
        run_import(job_id)
    while _expire_one():
        pass


@transaction.atomic
def _waiting() -> list[int]:
    expired = ImportJob.objects.expired().values("pk")
    return list(ImportJob.objects.running().exclude(pk__in=expired).order_by("id").values_list("pk", flat=True))


@transaction.atomic
def _expire_one() -> bool:
    jobs = ImportJob.objects.expired().select_for_update(of=("self",), skip_locked=True)
    job: ImportJob | None = jobs.first()
    if job is None:
        return False
    is_held = job.state == ImportJob.State.PREVIEW
    _end(job, ImportJob.State.DISCARDED if is_held else ImportJob.State.FAILED, EXPIRED if is_held else BROKE_OFF)
    record(action=Action.EXPIRE, object_type=JOB, object_id=str(job.public_id), patient_id=job.patient_id)
    return True
