"""People and devices of two clinics at the same moment, on one server: each sees their own clinic, every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
import pytest

from tests.clinics import Clinic
from tests.prepared import CANARIES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(1)]
VALUES = {"northside": 111, "southside": 222}
PAGES = ("/admin/patients/patient/", "/admin/devices/device/")
LISTS = ("/api/v1/patients", "/api/v1/devices", "/api/v1/users")
CURRENT = "/api/v1/users/user_5678/glucose/current"
ROUNDS = 8


class Asked(NamedTuple):
    clinic: str
    path: str
    headers: dict[str, str]


def questions(clinic: Clinic) -> Iterator[Asked]:
    code = clinic.organization.code
    session = clinic.admin("nurse").cookies["session"].value
    for path in PAGES:
        yield Asked(code, path, {"Cookie": f"session={session}"})
    owner = {"Authorization": f"Bearer {clinic.access_token('owner')}"}
    for path in (*LISTS, CURRENT):
        yield Asked(code, path, owner)
    yield Asked(code, CURRENT, {"Authorization": f"Bearer {clinic.access_token('patient')}"})
    yield Asked(code, "/api/v1/devices/ARGUS_001234/readings", {"X-API-Key": clinic.device_key})


def test_each_sees_their_own_clinic(live_url: str, northside: Clinic, southside: Clinic) -> None:
    for clinic in (northside, southside):
        clinic.store(VALUES[clinic.organization.code])
    asked = [*questions(northside), *questions(southside)] * ROUNDS
    random.Random(4).shuffle(asked)
    with ThreadPoolExecutor(16) as pool, httpx.Client(base_url=live_url, timeout=60) as http:
        answers = list(pool.map(lambda one: http.get(one.path, headers=one.headers), asked))
    for one, answer in zip(asked, answers, strict=True):
        (foreign,) = [canary for code, canary in CANARIES.items() if code != one.clinic]
        assert answer.status_code == 200, (one, answer.text[:300])
        assert foreign not in answer.text, one
        if "readings" in one.path or one.path == CURRENT:
            assert f'"glucoseValue":{VALUES[one.clinic]}' in answer.text, one
        else:
            assert CANARIES[one.clinic] in answer.text, one
