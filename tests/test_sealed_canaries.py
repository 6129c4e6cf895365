"""A canary in every sealed field there is, a day's work over it, and then a look everywhere: it is nowhere.

The fields come from the registry, so a new one is covered without a word here, or fails for want of a row.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.validators import EmailValidator
from django.db import connections, models, transaction
from django.test import Client

from accounts.one_time.models import OneTimeDevice
from glucose_platform.celery import app as celery_app
from glucose_platform.embedded.programs import postgres_candidates
from glucose_platform.redis_urls import redis_url_for
from tenancy.encryption.registry import SealedColumn, clinics_columns, persons_columns
from tenancy.scope import person_scope
from tests.clinic_rows import add_rows_everywhere
from tests.clinics import Clinic
from tests.commands import run_command
from tests.rest import send

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.promise(28, 31),
    pytest.mark.slow,
]
PATIENT = "/api/v1/patients/user_5678"


def forms_of(word: str) -> list[bytes]:
    """Plain, in hexadecimal as a dump writes bytes, and in base64 whatever stands before it."""
    plain = word.encode()
    shifted = [base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, plain.hex().encode(), *shifted]


def is_in(word: str, content: bytes) -> bool:
    return any(form in content for form in forms_of(word)) or word.encode().lower() in content.lower()


@pytest.fixture
def canary() -> str:
    return f"Canary{secrets.token_hex(12)}"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the platform's own handler writes, in the form in which operators get it."""
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    written = io.StringIO()
    former = handler.setStream(written)
    yield written
    handler.setStream(former)


def put_canary(column: SealedColumn, row: models.Model, canary: str) -> None:
    text = canary[: column.field.max_length or None]
    if any(isinstance(validator, EmailValidator) for validator in column.field.validators):
        text += "@clinic.example"
    assert len(text) > 20, f"{column.table}.{column.column} is too short for the canary"
    setattr(row, column.field.name, text)
    row.save()


def fill_every_sealed_field(clinic: Clinic, canary: str) -> int:
    columns = clinics_columns()
    with clinic.scope(), transaction.atomic():
        add_rows_everywhere(clinic, canaries=("first", "second"))
        for column in columns:
            row = column.model._default_manager.order_by("pk").first()
            assert row is not None, f"{column.model._meta.label} has a sealed field: give it a row in tests/clinics.py"
            put_canary(column, row, canary)
    persons = persons_columns()
    with person_scope(clinic.people["nurse"].user_id), transaction.atomic():
        for column in persons:
            row = column.model._default_manager.first() or OneTimeDevice(user_id=clinic.people["nurse"].user_id)
            put_canary(column, row, canary)
    return len(columns) + len(persons)


def dump() -> bytes:
    program = next((path for folder in postgres_candidates() if (path := folder / "pg_dump").is_file()), None)
    if program is None:
        pytest.skip("no PostgreSQL here brings pg_dump")
    command = [str(program), "--dbname", os.environ["DATABASE_OWNER_URL"], "--no-owner"]
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout


def everything_in_valkey() -> Iterator[bytes]:
    for number in settings.REDIS_DATABASES.values():
        client = redis.Redis.from_url(redis_url_for(settings.CELERY_BROKER_URL, number, "client"))
        for key in client.scan_iter():
            yield key
            kind = client.type(key)
            readers: dict[Any, Any] = {
                b"string": lambda: client.get(key),  # noqa: B023  called at once
                b"list": lambda: client.lrange(key, 0, -1),  # noqa: B023
                b"hash": lambda: client.hgetall(key),  # noqa: B023
                b"set": lambda: client.smembers(key),  # noqa: B023
                b"zset": lambda: client.zrange(key, 0, -1),  # noqa: B023
            }
            yield repr(readers[kind]()).encode()


def work_a_day(clinic: Clinic, canary: str) -> None:
    """Reads, writes, searches and refusals over REST and in the admin, all with the canary at hand."""
    nurse, admin = clinic.api("nurse"), clinic.admin("nurse")
    page = f"/admin/patients/patient/{clinic.patients[0].pk}/"
    for path in (PATIENT, f"{PATIENT}/history-entries", "/api/v1/patients"):
        assert canary in nurse.get(path).content.decode(), path
    for path in (page, f"{page}change/", f"{page}medical-history/", f"/admin/patients/patient/?q={canary}"):
        assert canary in admin.get(path).content.decode(), path
    assert nurse.get("/api/v1/patients", {"phone": canary[:32]}).json()["items"]
    written = send(nurse, "POST", f"{PATIENT}/history-entries", {"kind": "note", "text": f"once more {canary}"})
    assert written.status_code == 201
    changed = {"text": f"amended {canary}"}
    assert send(nurse, "PATCH", f"{PATIENT}/history-entries/{written.json()['id']}", changed).status_code == 200
    assert admin.post(f"{page}medical-history/", {"kind": "note", "text": canary}).status_code == 302
    refused = {"phone": canary * 3, "medicalHistory": [{"kind": canary, "text": canary}]}
    assert send(nurse, "PATCH", PATIENT, refused).status_code == 422
    assert send(nurse, "PATCH", "/api/v1/patients/user_0000", {"phone": canary}).status_code == 404
    celery_app.send_task("tenancy.worker_heartbeat")
    assert run_command("keys", "rotate-data", "--organization", "northside").error == ""
    assert canary in nurse.get(PATIENT).content.decode()


def error_pages(clinic: Clinic) -> bytes:
    """Answers to requests that fail beside opened values: one entry no longer opens."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE patients_historyentry SET text = overlay(text placing '\\x00' from 30) "
            "WHERE id = (SELECT min(id) FROM patients_historyentry WHERE patient_id = %s)",
            [clinic.patients[0].pk],
        )
    nurse: Client = clinic.api("nurse")
    admin = clinic.admin("nurse")
    nurse.raise_request_exception = admin.raise_request_exception = False
    answers = [nurse.get(PATIENT), admin.get(f"/admin/patients/patient/{clinic.patients[0].pk}/")]
    assert [answer.status_code for answer in answers] == [500, 500]
    return b"".join(answer.content for answer in answers)


def test_a_canary_in_every_sealed_field_is_nowhere(
    northside: Clinic, canary: str, caplog: pytest.LogCaptureFixture, lines: io.StringIO
) -> None:
    caplog.set_level("DEBUG")
    marker = f"Marker{secrets.token_hex(12)}"
    assert fill_every_sealed_field(northside, canary) >= 6
    work_a_day(northside, canary)
    assert send(northside.api("nurse"), "PATCH", PATIENT, {"room": marker}).status_code == 200
    places = {
        "pg_dump": dump(),
        "Valkey": b"\n".join(everything_in_valkey()),
        "error pages": error_pages(northside),
        "log": caplog.text.encode(),
        "lines of the log": lines.getvalue().encode(),
    }
    # Each place is really looked at: it holds what must be there.
    assert is_in(marker, places["pg_dump"])
    assert is_in("tenancy.worker_heartbeat", places["Valkey"])
    assert is_in("sealed_value_refused", places["log"])
    assert is_in("PATCH api/v1/patients", places["lines of the log"])
    assert [name for name, content in places.items() if is_in(canary, content)] == []


@pytest.mark.parametrize("wrap", [str.encode, lambda text: text.encode().hex().encode()])
def test_the_search_sees_other_forms(canary: str, wrap: Any) -> None:
    assert is_in(canary, b"before" + wrap(canary) + b"after")
    for before in ("", "a", "ab"):
        assert is_in(canary, base64.b64encode(f"{before}{canary} and after".encode()))
    assert not is_in(canary, wrap("Canary0123456789"))
