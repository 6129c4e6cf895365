from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.organizations import change_organization
from alerts.models import Episode
from devices.models import Device
from devices.services import change_device
from patients.care_team import remove_from_care_team
from patients.consents import record_consent, withdraw_consent
from patients.models import Consent
from patients.services import change_patient, create_patient
from readings.models import DaySummary, DirtyDay
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from reports.models import RecentDays
from reports.worklist.columns import COLUMNS, DAYS
from reports.worklist.loading import load_facts
from tenancy.scope import scoped


def store_days(clinic, *, values=(100,), days=3, device=0, hour=12):
    """Readings from noon UTC on of each of the last days before today."""
    noon = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    rows = [
        ReadingRow(clinic.devices[device].id, noon - timedelta(days=ago) + timedelta(minutes=5 * place), value)
        for ago in range(1, days + 1)
        for place, value in enumerate(values)
    ]
    with clinic.scope():
        store_readings(rows=rows)
        summarise_dirty_days(limit=None)


def facts_of(clinic, role=None):
    scope = clinic.principal(role).scope if role else None
    with scoped(scope) if scope else clinic.scope(), transaction.atomic():
        return load_facts(timezone.now())


def counts_of(clinic, patient=0):
    facts = facts_of(clinic)
    return facts.days[list(facts.patient_ids).index(clinic.patients[patient].pk)]


def test_the_recent_days_are_the_day_summaries(northside):
    store_days(northside, values=[39, 53, 60, 100, 140, 200, 300], days=4)

    found = counts_of(northside)

    with northside.scope(), transaction.atomic():
        stored = {row.day: row for row in DaySummary.objects.all()}
    today = datetime.now(UTC).date()
    expected = [
        [getattr(stored[day], name) for name in COLUMNS] if (day := today - timedelta(days=ago)) in stored else [0] * 8
        for ago in range(DAYS - 1, -1, -1)
    ]
    assert found.tolist() == expected
    assert found[-2].tolist() == [7, 2, 1, 1, 1, 3, 2, 5]


def test_a_late_reading_and_one_that_goes_show_with_the_summary(northside):
    store_days(northside, days=1)
    store_days(northside, values=[50, 50], days=2)

    assert counts_of(northside)[-3:, :2].tolist() == [[2, 2], [2, 1], [0, 0]]


def test_days_move_on_where_nothing_was_summarised_since(northside):
    store_days(northside, days=2)
    with northside.scope(), transaction.atomic():
        RecentDays.objects.update(last_day=datetime.now(UTC).date() - timedelta(days=3))

    found = counts_of(northside)[:, 0]

    assert np.flatnonzero(found).tolist() == [DAYS - 6, DAYS - 5]


def test_a_history_that_is_imported_does_not_touch_the_row(northside):
    with northside.scope(), transaction.atomic():
        store_readings(rows=[ReadingRow(northside.devices[0].id, datetime.now(UTC) - timedelta(days=200), 100)])
        summarise_dirty_days()

        assert not RecentDays.objects.exists()


def test_the_days_are_those_of_the_patients_clock(northside):
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes={"timezone": "Pacific/Kiritimati"})
    store_days(northside, days=2)

    # Noon UTC is two in the morning of the next day there.
    local = datetime.now(UTC) + timedelta(hours=14)
    ahead = (local.date() - datetime.now(UTC).date()).days
    assert np.flatnonzero(counts_of(northside)[:, 0]).tolist() == [DAYS - 2 - ahead, DAYS - 1 - ahead]


def test_what_is_live_stands_beside_the_figures(northside, southside):
    patient = northside.patients[0]
    with northside.scope(), transaction.atomic():
        change_device(device=northside.devices[1], changes={"status": Device.Status.RETIRED})
        withdraw_consent(consent=Consent.objects.get(patient=patient))
        _open_alarm(patient, "critical", acknowledged_at=timezone.now())
        _open_alarm(patient, "medium", rule_code="other")
        _open_alarm(northside.patients[1], "high", state="confirming", confirmed_at=None)
        _open_alarm(northside.patients[1], "high", rule_code="ended", state="resolved")

    facts = facts_of(northside)

    by_id = {patient_id: place for place, patient_id in enumerate(facts.patient_ids.tolist())}
    first, second = (by_id[patient.pk] for patient in northside.patients[:2])
    assert len(facts) == 2
    assert not np.isnan(facts.measured_since[first])
    assert np.isnan(facts.measured_since[second])
    assert [facts.unacknowledged[first], facts.acknowledged[first]] == [2, 4]
    assert [facts.unacknowledged[second], facts.acknowledged[second]] == [0, 0]
    assert facts.consent_withdrawn[first] == pytest.approx(timezone.now().timestamp(), abs=60)


def test_a_consent_that_was_given_again_is_not_withdrawn(northside):
    patient = northside.patients[0]
    with northside.scope(), transaction.atomic():
        withdraw_consent(consent=Consent.objects.get(patient=patient))
        record_consent(patient=patient, kind="treatment_data", version="2", recorded_by="A")

    assert np.isnan(facts_of(northside).consent_withdrawn).all()


def test_limited_staff_have_their_patients_only(northside):
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[1], member=northside.people["nurse"])

    assert facts_of(northside, "nurse").patient_ids.tolist() == [northside.patients[0].pk]
    assert [len(facts_of(northside, role)) for role in ("clinician", "owner")] == [0, 2]


def test_the_number_of_questions_does_not_follow_the_number_of_patients(northside):
    """Five more go by psycopg's own cursor, each once."""
    with northside.scope(), transaction.atomic():
        for number in range(20):
            create_patient(code=f"more_{number:03}", first_name="More", last_name=f"Zz{number:03}")
        with CaptureQueriesContext(connection) as asked:
            facts = load_facts(timezone.now())

    assert len(facts) == 22
    assert len(asked) == 3


def test_the_summariser_takes_back_what_its_follower_refuses(northside, monkeypatch):
    def refuse(patient_id, days):
        raise RuntimeError("no")

    monkeypatch.setattr("readings.summaries.followers._followers", [refuse])
    northside.store(100)
    with northside.scope():
        assert summarise_dirty_days() == 0
        with transaction.atomic():
            assert DirtyDay.objects.exists()


def _open_alarm(patient, severity, **said):
    now = timezone.now()
    usual = {"rule_code": "low", "state": "active", "confirmed_at": now}
    Episode.objects.create(
        patient=patient, rule_name="Low", rule={}, severity=severity, opened_at=now, **{**usual, **said}
    )
