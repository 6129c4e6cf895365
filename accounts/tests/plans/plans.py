"""Help for tests of plans."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from accounts.models import Subscription
from accounts.plans.standing import Standing, current_standing
from devices.services import register_device
from patients.services import create_patient
from tests.clinics import Clinic

BEGAN = datetime(2026, 1, 15, 9, tzinfo=UTC)


def give(clinic: Clinic, plan: str, **fields: Any) -> Subscription:
    """As if it had been so for long: without the grace that a change begins."""
    with clinic.scope(), transaction.atomic():
        made: Subscription = Subscription.objects.create(plan=plan, **{"starts_at": BEGAN, **fields})
    return made


def subscription(clinic: Clinic) -> Subscription:
    with clinic.scope(), transaction.atomic():
        kept: Subscription = Subscription.objects.get()
    return kept


def standing(clinic: Clinic) -> Standing:
    with clinic.scope(), transaction.atomic():
        return current_standing()


def add_device(clinic: Clinic, code: str) -> Any:
    with clinic.scope():
        return register_device(code=code)


def add_patient(clinic: Clinic, code: str) -> Any:
    with clinic.scope():
        return create_patient(code=code, first_name="Ada", last_name="Nowak")
