from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from devices.services import retire_device
from patients.services import archive_patient
from tests.clinics import Clinic
from tests.rest import FORBIDDEN

pytestmark = pytest.mark.django_db

STATS = "/api/v1/admin/stats"


@pytest.mark.parametrize("role", ["owner", "admin", "support"])
def test_the_clinic_in_figures(northside: Clinic, southside: Clinic, role: str) -> None:
    northside.store(100, 110)
    northside.store(100, until=datetime.now(UTC) - timedelta(days=2))
    southside.store(100, 110, 120)
    with northside.scope(), transaction.atomic():
        archive_patient(patient=northside.patients[1])
        retire_device(device=northside.devices[1])
    assert northside.api(role).get(STATS).json() == {
        "members": {"owner": 1, "admin": 1, "clinician": 1, "nurse": 1, "viewer": 1, "patient": 1},
        "patients": {"current": 1, "archived": 1},
        "devices": {"total": 1, "online": 1, "retired": 1},
        "readings24h": 2,
    }
    listed = northside.api(role).get("/api/v1/admin/devices").json()
    assert listed == northside.api(role).get("/api/v1/devices").json()
    assert northside.api(role).get("/api/v1/admin/users").json() == northside.api(role).get("/api/v1/users").json()


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "patient"])
def test_others_do_not_see_them(northside: Clinic, role: str) -> None:
    for path in (STATS, "/api/v1/admin/devices", "/api/v1/admin/users"):
        assert northside.api(role).get(path).json() == FORBIDDEN
