"""What tests of the ledger share: writing, sealing, verifying, and what only the owner of the database can do."""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction

from audit.actions import Action
from audit.models import Entry, Seal
from audit.seals.sealing import seal_organization
from audit.seals.verifying import Verification, verify_organization
from audit.services import record
from tests.clinics import Clinic


def write(clinic: Clinic, count: int = 3) -> None:
    with clinic.scope(), transaction.atomic():
        for number in range(count):
            record(action=Action.READ, object_type="test.row", object_id=str(number), changes={"n": (1, number)})


def seal(clinic: Clinic) -> list[Seal]:
    with clinic.scope():
        return seal_organization()


def verify(clinic: Clinic, head: str = "") -> Verification:
    with clinic.scope():
        return verify_organization(published_head=head)


def ids(clinic: Clinic) -> list[int]:
    with clinic.scope(), transaction.atomic():
        return list(Entry.objects.filter(object_type="test.row").order_by("id").values_list("id", flat=True))


def as_owner(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
