from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.organizations import change_organization
from audit.models import Entry
from patients.care_team import add_to_care_team
from reports.glucose_report.batches import page, services
from reports.glucose_report.batches.services import make_reports, remove_expired_batches, start_batch, try_again
from reports.glucose_report.loading import report_content
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import Choices
from reports.models import BatchReport, ReportBatch
from reports.tasks import make_batch, resume_batches
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

BATCHES = "/admin/reports/"


def started(clinic: Clinic, **choices) -> ReportBatch:
    with clinic.scope():
        return start_batch(choices=Choices(**choices), member=clinic.people["clinician"], member_name="Clinician")


def states(clinic):
    with clinic.scope():
        return list(BatchReport.objects.order_by("id").values_list("state", flat=True))


def downloaded(client, batch):
    answer = client.get(f"{BATCHES}{batch.public_id}/file/")
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_from_the_button_to_the_zip(northside, southside, monkeypatch):
    northside.store(*[120] * 300)
    southside.store(*[120] * 300)
    sent = []
    monkeypatch.setattr(page, "send_task_after_commit", lambda task: sent.append(task.name))
    client = northside.admin("clinician")
    shown = client.post(BATCHES, {"days": "7", "language": "de"}, follow=True)
    assert sent == ["reports.make_batch"]
    assert "0 of 2 are done" in shown.content.decode()
    with northside.scope():
        batch = ReportBatch.objects.get()
        assert make_reports(limit=1) == 1
    assert "1 of 2 are done" in client.get(f"{BATCHES}{batch.public_id}/").content.decode()
    with northside.scope():
        assert make_reports(limit=5) == 1
    assert "7 days, mg/dL, Deutsch, A4" in client.get(BATCHES).content.decode()
    files = downloaded(client, batch)
    assert sorted(files) == ["reports.csv", "user_5678.pdf", "user_9012.pdf"]
    assert files["reports.csv"].decode().splitlines() == [
        "patient,file,problem", "user_5678,user_5678.pdf,", "user_9012,user_9012.pdf,",
    ]  # fmt: skip
    words = pypdf.PdfReader(io.BytesIO(files["user_5678.pdf"])).pages[0].extract_text()
    assert "Ambulantes Glukoseprofil" in words
    assert "CANARY-SOUTH" not in words
    with northside.scope():
        entries = Entry.objects.filter(object_type="reports.reportbatch").order_by("at", "id")
        assert [entry.action for entry in entries if entry.action in ("create", "export")] == ["create", "export"]


def test_what_lies_in_the_database_is_sealed(northside):
    batch = started(northside)
    with northside.scope():
        make_reports(limit=2)
        with connection.cursor() as cursor:
            cursor.execute("SELECT sealed_pdf FROM reports_batchreport WHERE batch_id = %s", [batch.pk])
            stored = [bytes(row[0]) for row in cursor.fetchall()]
        assert all(report.pdf.startswith(b"%PDF") for report in BatchReport.objects.all())
    assert len(stored) == 2
    assert not any(b"PDF" in value or value.startswith(b"JVBER") for value in stored)


def test_one_that_fails_is_named_and_stops_nobody(northside, monkeypatch):
    batch = started(northside)
    real = report_content

    def broken(*, patient, **options):
        if patient.code == "user_5678":
            raise RuntimeError("Okonkwo 120 mg/dL")
        return real(patient=patient, **options)

    monkeypatch.setattr(services, "report_content", broken)
    with northside.scope():
        assert make_reports(limit=5) == 2
    assert states(northside) == ["failed", "made"]
    client = northside.admin("owner")
    shown = client.get(f"{BATCHES}{batch.public_id}/").content.decode()
    assert "1 failed" in shown
    assert "user_5678" in shown
    assert "Okonkwo 120" not in shown
    assert downloaded(client, batch)["reports.csv"].decode().splitlines()[1] == f'user_5678,,"{services.NOT_MADE}"'
    monkeypatch.setattr(services, "report_content", real)
    with northside.scope():
        assert try_again(batch=batch) == 1
        make_reports(limit=5)
    assert states(northside) == ["made", "made"]


def test_a_worker_that_was_stopped_loses_only_the_one_it_was_at(northside, monkeypatch):
    started(northside)
    made: list[int] = []
    real = report_pdf

    def stopped(*arguments, **options):
        if made:
            raise SystemExit
        made.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(services, "report_pdf", stopped)
    with northside.scope(), pytest.raises(SystemExit):
        make_reports(limit=5)
    assert states(northside) == ["made", "waiting"]
    monkeypatch.setattr(services, "report_pdf", real)
    resume_batches()
    assert states(northside) == ["made", "made"]


def test_a_task_makes_a_piece_and_sends_the_next(northside, monkeypatch):
    started(northside)
    sent = []
    monkeypatch.setattr("reports.tasks.send_task", lambda task: sent.append(task.name))
    monkeypatch.setattr("reports.tasks.REPORTS_AT_ONCE", 1)
    with northside.scope():
        for _ in range(3):
            make_batch.run()
    assert sent == ["reports.make_batch"] * 2
    assert states(northside) == ["made", "made"]


def test_staff_who_are_limited_to_patients_ask_for_and_get_those_alone(northside):
    batch = started(northside)
    with northside.scope():
        make_reports(limit=5)
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        add_to_care_team(patient=northside.patients[1], member=northside.people["clinician"])
    client = northside.admin("clinician")
    assert sorted(downloaded(client, batch)) == ["reports.csv", "user_9012.pdf"]
    assert "1 of 1 are done" in client.get(f"{BATCHES}{batch.public_id}/").content.decode()


@pytest.mark.parametrize("role", ["nurse", "viewer"])
def test_who_may_not_export_sees_no_batches(northside, role):
    batch = started(northside)
    client = northside.admin(role)
    assert client.get(BATCHES).status_code == 403
    assert client.post(BATCHES).status_code == 403
    for suffix in ("", "file/"):
        assert client.get(f"{BATCHES}{batch.public_id}/{suffix}").status_code == 403
    assert client.post(f"{BATCHES}{batch.public_id}/act/", {"action": "delete"}).status_code == 403
    assert 'href="/admin/reports/"' not in client.get("/admin/patients/patient/").content.decode()


def test_another_clinics_batch_is_not_there(northside, southside):
    batch = started(southside)
    client = northside.admin("owner")
    for suffix in ("", "file/"):
        assert client.get(f"{BATCHES}{batch.public_id}/{suffix}").status_code == 404
    assert client.post(f"{BATCHES}{batch.public_id}/act/", {"action": "delete"}).status_code == 404


def test_batches_are_deleted_by_hand_or_after_a_week(northside):
    batches = [started(northside) for _ in range(3)]
    northside.admin("owner").post(f"{BATCHES}{batches[0].public_id}/act/", {"action": "delete"})
    with northside.scope():
        with audited_elsewhere("a test"):
            ReportBatch.objects.filter(pk=batches[1].pk).update(created_at=timezone.now() - timedelta(days=8))
        assert remove_expired_batches() == 1
        assert list(ReportBatch.objects.all()) == [batches[2]]
        assert BatchReport.objects.count() == 2
        actions = set(Entry.objects.filter(object_type="reports.reportbatch").values_list("action", flat=True))
    assert {"delete", "expire"} <= actions


def test_a_sixth_batch_is_refused(northside):
    for _ in range(5):
        started(northside)
    shown = northside.admin("owner").post(BATCHES, follow=True).content.decode()
    assert "There are 5 batches already" in shown


def test_the_command_writes_a_file_for_each_patient_and_goes_on_where_it_was(northside, tmp_path, capsys):
    northside.store(*[120] * 300)
    folder = tmp_path / "reports"
    options = {"organization": northside.organization.code, "out": folder}
    call_command("glucose_reports", patient=["user_5678"], **options)
    (first,) = folder.iterdir()
    assert (first.name, first.stat().st_mode & 0o777) == ("user_5678.pdf", 0o600)
    before = first.stat().st_mtime_ns
    call_command("glucose_reports", language="de", **options)
    assert "1 made, 1 were there already, 0 failed." in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["user_5678.pdf", "user_9012.pdf"]
    assert first.stat().st_mtime_ns == before
    with northside.scope():
        assert Entry.objects.filter(object_type="reports.report_file", action="export").count() == 2
    with pytest.raises(CommandError, match="has no patient user_0000"):
        call_command("glucose_reports", patient=["user_0000"], **options)


def test_the_command_names_whom_it_has_no_report_of(northside, tmp_path, monkeypatch):
    def broken(**options):
        raise RuntimeError

    monkeypatch.setattr("reports.management.commands.glucose_reports.report_content", broken)
    with pytest.raises(CommandError, match="user_5678: the report could not be made"):
        call_command("glucose_reports", organization=northside.organization.code, out=tmp_path)
    assert list(tmp_path.iterdir()) == []
