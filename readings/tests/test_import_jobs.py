from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Entry
from patients.models import Patient
from patients.services import archive_patient
from readings.importing import importer, jobs
from readings.importing.dates import DateOrder
from readings.importing.importer import Importer
from readings.importing.jobs import (
    EXPIRED,
    ImportRefused,
    Unanswered,
    begin_import,
    confirm_import,
    discard_import,
    hold_file,
    run_import,
    sweep_imports,
)
from readings.importing.naming import names_same_person
from readings.importing.preview import preview
from readings.importing.reading import Answers, open_file
from readings.models import GlucoseReading, ImportJob
from readings.tests.files import CLARITY, CLARITY_BEGIN, CLARITY_HEADER, LIBRE, libre, libre_row
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def begin(clinic: Clinic, text: str, *, zone: str = "UTC", is_same_person: bool = True, **answers) -> ImportJob:
    return begin_import(
        patient=Patient.objects.get(pk=clinic.patients[0].pk),
        content=text.encode(),
        answers=Answers(**answers),
        zone=zone,
        is_same_person=is_same_person,
        member=clinic.people["nurse"],
        member_name="Nina Nurse",
    )


def stored(clinic: Clinic) -> list[tuple[datetime, int, int]]:
    readings = GlucoseReading.objects.for_patient(clinic.patients[0]).order_by("measured_at")
    return list(readings.values_list("measured_at", "glucose", "range_flag"))


def long_file(count: int) -> str:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    times = (first + timedelta(minutes=5 * index) for index in range(count))
    lines = (f"{i},{time:%Y-%m-%dT%H:%M:%S},EGV,,,,x,{80 + i % 100}" for i, time in enumerate(times))
    return "\n".join((CLARITY_HEADER, CLARITY_BEGIN, *lines))


def test_a_file_is_imported_reported_erased_and_counted_once(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        job = begin(northside, CLARITY, zone="Europe/Berlin")
        run_import(job.pk)
        job.refresh_from_db()
        again = begin(northside, CLARITY, zone="Europe/Berlin")
        run_import(again.pk)
        again.refresh_from_db()

        assert (job.state, job.created, job.duplicates, job.refused) == ("done", 4, 0, 2)
        assert (again.state, again.created, again.duplicates, again.refused) == ("done", 0, 4, 2)
        assert job.refusals == [(21, "7 cells are too few"), (22, "'abc' is not a glucose value")]
        assert (job.sealed_file, job.rows_done) == ("", job.rows_total)
        assert job.ignored["carbs"] == 1
        assert stored(northside)[0] == (datetime(2025, 4, 30, 22, 1, 47, tzinfo=UTC), 165, 0)
        entries = Entry.objects.filter(object_id=str(job.public_id)).order_by("pk").values_list("action", flat=True)
        assert list(entries) == ["create", "import"]
    with southside.scope():
        assert not ImportJob.objects.exists()


def test_what_is_kept_of_a_file_is_sealed(northside: Clinic) -> None:
    with northside.scope():
        begin(northside, CLARITY)
        with connection.cursor() as cursor:
            cursor.execute("SELECT job::text FROM readings_importjob job")
            (row,) = cursor.fetchone()
    assert "Example" not in row
    assert "EGV" not in row


def test_a_run_that_broke_off_goes_on_and_counts_each_row_once(northside: Clinic, monkeypatch) -> None:
    monkeypatch.setattr(importer, "CHUNK", 50)
    real = Importer._store
    calls = itertools.count(1)

    def breaking(self, piece) -> None:
        if next(calls) == 3:
            raise SystemExit("the worker is stopped")
        real(self, piece)

    with northside.scope():
        job = begin(northside, long_file(200))
        monkeypatch.setattr(Importer, "_store", breaking)
        with pytest.raises(SystemExit):
            run_import(job.pk)
        job.refresh_from_db()
        assert (job.state, job.rows_done) == ("running", 100)

        sweep_imports()

        job.refresh_from_db()
        assert (job.state, job.created, job.duplicates, job.rows_done) == ("done", 200, 0, 211)
        assert job.ignored == {"information on the patient and devices": 11}
        assert len(stored(northside)) == 200


def test_a_fault_ends_the_import_and_says_what_to_do(northside: Clinic, monkeypatch) -> None:
    def broken(self, piece) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Importer, "_store", broken)
    with northside.scope():
        job = begin(northside, CLARITY)
        run_import(job.pk)
        job.refresh_from_db()
        assert (job.state, job.problem, job.sealed_file) == ("failed", jobs.BROKE_OFF, "")


def test_a_file_that_nobody_confirms_is_erased_after_a_day(northside: Clinic) -> None:
    with northside.scope():
        patient = Patient.objects.get(pk=northside.patients[0].pk)
        held = [hold_file(patient=patient, content=LIBRE.encode(), member=None, member_name="x") for _ in range(2)]
        ImportJob.objects.filter(pk=held[0].pk).update(created_at=timezone.now() - timedelta(hours=25))
        sweep_imports()
        states = {job.pk: (job.state, job.problem, bool(job.sealed_file)) for job in ImportJob.objects.all()}

        assert states[held[0].pk] == ("discarded", EXPIRED, False)
        assert states[held[1].pk] == ("preview", "", True)
        discard_import(job=held[1])
        with pytest.raises(ImportRefused):
            confirm_import(job=held[1], answers=Answers(), zone="", is_same_person=True)
        assert stored(northside) == []


def test_what_a_file_leaves_open_is_asked_before_anything_is_stored(northside: Clinic) -> None:
    ambiguous = libre(libre_row("03-04-2026 10:00", 0, "100"))
    with northside.scope():
        with pytest.raises(Unanswered):
            begin(northside, ambiguous)
        with pytest.raises(Unanswered) as asked:
            begin(northside, CLARITY, is_same_person=False)
        assert [question.name for question in asked.value.questions] == ["person"]
        assert not ImportJob.objects.exists()
        job = begin(northside, ambiguous, date_order=DateOrder.DAY_FIRST)
        run_import(job.pk)
        assert stored(northside) == [(datetime(2026, 4, 3, 10, tzinfo=UTC), 100, 0)]


def test_another_value_for_a_time_is_told_and_the_first_is_kept(northside: Clinic) -> None:
    with northside.scope():
        run_import(begin(northside, libre(libre_row("13-02-2026 10:00", 0, "100"))).pk)
        job = begin(northside, libre(libre_row("13-02-2026 10:00", 0, "120")))
        run_import(job.pk)
        job.refresh_from_db()
        assert (job.created, job.duplicates, job.refused) == (0, 0, 1)
        assert job.refusals == [(3, "there is another value for this time already, which is kept")]
        assert [glucose for _, glucose, _ in stored(northside)] == [100]


def test_the_hours_of_a_clock_change(northside: Clinic) -> None:
    times = ["29-03-2026 01:55", "29-03-2026 02:10", "29-03-2026 03:00"]
    fall = ["26-10-2025 02:45", "26-10-2025 02:00"]
    rows = [libre_row(time, 0, "100") for time in (*fall, *times)]
    with northside.scope():
        job = begin(northside, libre(*rows), zone="Europe/Berlin")
        run_import(job.pk)
        job.refresh_from_db()
        assert [line for line, _ in job.refusals] == [6]
        assert [f"{at:%d %H:%M}" for at, _, _ in stored(northside)] == ["26 00:45", "26 01:00", "29 00:55", "29 01:00"]


def test_a_preview_tells_and_writes_nothing(northside: Clinic) -> None:
    with northside.scope():
        patient = Patient.objects.get(pk=northside.patients[0].pk)
        file = open_file(LIBRE.encode(), Answers())
        before = preview(file=file, patient=patient, zone=None)
        assert (before.new, before.known, before.refused, before.ignored["scans"]) == (6, 0, 2, 1)
        assert stored(northside) == []
        run_import(begin(northside, LIBRE, zone=patient.timezone).pk)
        after = preview(file=file, patient=patient, zone=None)
        assert (after.new, after.known) == (0, 6)


def test_nothing_is_imported_for_an_archived_patient(northside: Clinic) -> None:
    with northside.scope():
        job = begin(northside, CLARITY)
        archive_patient(patient=northside.patients[0])
        run_import(job.pk)
        job.refresh_from_db()
        assert (job.state, job.problem) == ("failed", jobs.ARCHIVED)
        with pytest.raises(ImportRefused):
            begin(northside, CLARITY)


@pytest.mark.parametrize(
    ("named", "same"),
    [("", True), ("Ada Example", True), ("EXAMPLE ADA", True), ("Ada Maria Example", True), ("Adá", True),
     ("Eve Example", False), ("Bob", False)],
)  # fmt: skip
def test_names(named: str, same: bool) -> None:
    assert names_same_person(named, Patient(first_name="Ada", last_name="Example")) is same
