from __future__ import annotations

import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from devices.authentication import device_principal
from devices.keys import DEMO_KEY
from devices.models import Assignment, Device, DeviceKey
from patients.models import Patient
from readings.models import GlucoseReading
from simulator.clinics import NORTHSIDE, SOUTHSIDE, DemoClinic
from simulator.demo import reading_times, seed_clinic
from simulator.demo_keys import key_file
from simulator.history import fill_history
from tenancy.directory import all_organizations, organization_by_code
from tenancy.models import Organization
from tenancy.scope import organization_scope
from tests.commands import run_command
from vitals.models import Measurement

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> None:
    settings.APP_ENV, settings.DEMO, settings.STATE_DIR = "demo", True, tmp_path


@pytest.fixture(autouse=True)
def short_history(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day instead of four, and of thirty, where the length is not the question."""
    if request.function is not test_the_last_days_are_there_at_once_and_the_others_follow:
        monkeypatch.setattr("simulator.demo.RECENT", timedelta(days=1))
    if request.function is not test_vital_signs_of_a_month_are_there_and_go_on_where_they_ended:
        monkeypatch.setattr("simulator.demo_vitals.DAYS", 1)


def scope_of(clinic: DemoClinic):
    identity = organization_by_code(clinic.code)
    assert identity is not None
    return organization_scope(identity.id)


def counts(clinic: DemoClinic) -> tuple[int, ...]:
    with scope_of(clinic):
        models = (Membership, Patient, Device, Assignment, DeviceKey, GlucoseReading)
        return tuple(model.objects.count() for model in models)


def test_vital_signs_of_a_month_are_there_and_go_on_where_they_ended(demo: None) -> None:
    now = timezone.now()
    seed_clinic(clinic=NORTHSIDE, now=now - timedelta(days=2))
    with scope_of(NORTHSIDE):
        before = set(Measurement.objects.values_list("patient_id", "metric", "measured_at", "value"))
    seed_clinic(clinic=NORTHSIDE, now=now)

    with scope_of(NORTHSIDE):
        after = set(Measurement.objects.values_list("patient_id", "metric", "measured_at", "value"))
        assert {patient for patient, *_ in after} == set(Patient.objects.values_list("pk", flat=True))
    # Seven kinds: five of them three times a day.
    assert len(before) == pytest.approx(12 * 30 * (5 * 3 + 2), rel=0.15)
    assert before < after
    assert max(at for _, _, at, _ in after) <= now


def test_northside_has_the_example_patients_and_devices(demo: None):
    result = run_command("seed_demo", "--organization", "northside")

    assert result.error == ""
    with scope_of(NORTHSIDE):
        organization = Organization.objects.get()
        pairs = {
            (assignment.device.code, assignment.patient.code)
            for assignment in Assignment.objects.select_related("device", "patient")
        }
        maria = Patient.objects.get(code="user_5678")
        sensor = Device.objects.get(code="ARGUS_001234")
    assert (organization.name, organization.glucose_unit) == ("Northside", "mg/dL")
    assert pairs >= {
        ("ARGUS_001234", "user_5678"), ("ARGUS_002468", "user_9012"), ("ARGUS_003691", "user_3456"),
        ("ARGUS_004815", "user_7890"), ("ARGUS_005927", "user_1357"), ("ARGUS_005678", "user_5678"),
    }  # fmt: skip
    assert len({patient for _, patient in pairs}) == 12
    assert len(pairs) == 13
    assert (str(maria.bmi), maria.skin_tone, str(maria.hba1c)) == ("24.50", "medium", "7.20")
    assert (sensor.serial_number, sensor.firmware_version) == ("ARG2024-001234", "2.1.3")


def test_the_last_days_are_there_at_once_and_the_others_follow(demo: None, monkeypatch: pytest.MonkeyPatch):
    """90 days take minutes, so the test has 4, and 2 of them at once."""
    monkeypatch.setattr("simulator.demo.RECENT", timedelta(days=2))
    monkeypatch.setattr("simulator.history.HISTORY", timedelta(days=4))
    now = timezone.now()
    seed_clinic(clinic=NORTHSIDE, now=now)

    recent = times_of("ARGUS_001234")
    assert 2 * 288 * 0.75 < len(recent) <= 2 * 288
    assert timedelta(minutes=2) <= now - recent[-1] < timedelta(hours=4)
    assert times_of("ARGUS_005678") == []

    assert fill_history(clinics=[NORTHSIDE, SOUTHSIDE], now=now, wait=lambda _: True) > 0
    assert fill_history(clinics=[NORTHSIDE, SOUTHSIDE], now=now, wait=lambda _: False) > 0
    times = times_of("ARGUS_001234")
    assert times[-len(recent) :] == recent
    assert 4 * 288 * 0.8 < len(times) == len(set(times)) <= 4 * 288
    assert timedelta(days=3, hours=19) < now - times[0] < timedelta(days=4)
    assert fill_history(clinics=[NORTHSIDE], now=now, wait=lambda _: False) == 0


def times_of(device: str) -> list[datetime]:
    with scope_of(NORTHSIDE):
        return list(reading_times(Device.objects.get(code=device)))


@pytest.mark.parametrize("clinic", [NORTHSIDE, SOUTHSIDE], ids=lambda clinic: clinic.code)
def test_a_second_seed_adds_only_what_was_measured_since(demo: None, clinic: DemoClinic):
    now = timezone.now() - timedelta(days=2)
    seed_clinic(clinic=clinic, now=now)
    before = counts(clinic)

    assert seed_clinic(clinic=clinic, now=now) == 0
    assert counts(clinic) == before

    added = seed_clinic(clinic=clinic, now=now + timedelta(days=1))
    assert counts(clinic)[:-1] == before[:-1]
    assert counts(clinic)[-1] == before[-1] + added
    with_history = sum(device.has_history for device in clinic.devices)
    assert 288 * 0.7 < added / with_history <= 289


def test_the_clinics_share_codes_and_nothing_else(demo: None):
    for clinic in (NORTHSIDE, SOUTHSIDE):
        run_command("seed_demo", "--organization", clinic.code)

    names = {}
    for clinic in (NORTHSIDE, SOUTHSIDE):
        with scope_of(clinic):
            names[clinic.code] = str(Patient.objects.get(code="user_5678"))
            assert Organization.objects.get().timezone == clinic.timezone
    assert names == {"northside": "Alvarez, Maria", "southside": "Keller, Jonas"}


def test_the_demos_people_sign_in(demo: None, client: Client):
    for clinic in (NORTHSIDE, SOUTHSIDE):
        run_command("seed_demo", "--organization", clinic.code)

    roles = ("owner", "clinician", "nurse", "viewer")
    emails = [f"{role}@{code}.example" for code in ("northside", "southside") for role in roles]
    for email in [*emails, "patient@northside.example"]:
        body = {"email": email, "password": "demo-glucose-2026"}
        assert client.post("/api/v1/auth/login", body, content_type="application/json").status_code == 200, email


def test_each_clinic_has_a_key_for_its_live_feed(demo: None):
    for clinic in (NORTHSIDE, SOUTHSIDE, SOUTHSIDE):
        run_command("seed_demo", "--organization", clinic.code)

    path = key_file("southside")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for key, code in ((DEMO_KEY, "northside"), (path.read_text(), "southside")):
        principal, identity = device_principal(key), organization_by_code(code)
        assert principal is not None
        assert identity is not None
        assert (principal.organization_id, principal.device_id) == (identity.id, None)


def test_a_lost_key_of_the_feed_is_replaced(demo: None):
    run_command("seed_demo", "--organization", "southside")
    key_file("southside").write_text("glp_lost")

    run_command("seed_demo", "--organization", "southside")

    assert device_principal(key_file("southside").read_text()) is not None


def test_outside_the_demo_nobody_gets_its_password_or_keys(settings: Any, tmp_path: Path, client: Client):
    settings.STATE_DIR = tmp_path

    assert run_command("seed_demo", "--organization", "northside").error == ""

    assert device_principal(DEMO_KEY) is None
    body = {"email": "owner@northside.example", "password": "demo-glucose-2026"}
    assert client.post("/api/v1/auth/login", body, content_type="application/json").status_code == 401
    assert list(tmp_path.iterdir()) == []


def test_production_is_refused(settings: Any):
    settings.APP_ENV = "production"

    result = run_command("seed_demo", "--organization", "northside")

    assert "Demo data are refused where APP_ENV is production" in result.error
    assert all_organizations() == []


def test_only_the_demos_clinics_can_be_filled():
    assert "invalid choice: 'elsewhere'" in run_command("seed_demo", "--organization", "elsewhere").error


def test_the_feed_never_posts_as_the_readmes_device():
    assert [device.code for clinic in (NORTHSIDE, SOUTHSIDE) for device in clinic.devices if not device.is_live] == [
        "ARGUS_001234",
        "ARGUS_001234",
    ]
