from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import BillingRecord, PlanRetention, UsageDay
from accounts.plans.catalogue import Limit
from accounts.plans.limits import LimitReached
from accounts.plans.nightly import look_after_plan
from accounts.plans.services import cancel_subscription, mark_paid, set_plan
from accounts.tests.plans.plans import BEGAN, add_device, give, standing, subscription
from audit.models import Entry
from readings.retention import remove_expired_readings
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def night(clinic: Clinic) -> None:
    with clinic.scope():
        look_after_plan()


def change(clinic: Clinic, plan: str, **fields: Any) -> None:
    with clinic.scope():
        set_plan(plan=plan, **fields)


def invoices(clinic: Clinic) -> list[BillingRecord]:
    with clinic.scope(), transaction.atomic():
        return list(BillingRecord.objects.order_by("issued_at"))


def test_without_a_subscription_the_usual_plan_holds(northside: Clinic, settings: Any) -> None:
    assert standing(northside).plan.code == "unlimited"
    add_device(northside, "ARGUS_7")
    settings.DEFAULT_PLAN = "free"
    assert standing(northside).plan.code == "free"
    with pytest.raises(LimitReached):
        add_device(northside, "ARGUS_8")


def test_a_smaller_plan_leaves_two_weeks(northside: Clinic) -> None:
    give(northside, "clinic")
    with time_machine.travel(BEGAN + timedelta(days=10), tick=False) as clock:
        change(northside, "free")
        add_device(northside, "ARGUS_A")
        clock.shift(timedelta(days=13))
        now = standing(northside)
        assert (now.plan.name, now.limit(Limit.DEVICES), now.grace_days_left(datetime.now(UTC))) == ("Free", 250, 1)
        add_device(northside, "ARGUS_B")
        # The same again is no new grace.
        change(northside, "free")
        clock.shift(timedelta(days=1))
        with pytest.raises(LimitReached):
            add_device(northside, "ARGUS_C")
        change(northside, "clinic")
        assert standing(northside).grace_ends_at is None
        add_device(northside, "ARGUS_C")


def test_what_is_owed_stops_adding_after_two_weeks_and_a_payment_ends_that(northside: Clinic) -> None:
    with time_machine.travel(BEGAN, tick=False) as clock:
        change(northside, "clinic", amount=Decimal("49.00"), currency="CHF", ends_at=BEGAN + timedelta(days=16))
        clock.shift(timedelta(days=17))
        night(northside)
        night(northside)
        (invoice,) = invoices(northside)
        assert (invoice.number, invoice.amount, invoice.currency) == ("NORTHSIDE-2026-0001", Decimal("49.00"), "CHF")
        assert subscription(northside).ends_at == datetime(2026, 2, 28, 9, tzinfo=UTC)
        clock.shift(timedelta(days=15))
        night(northside)
        assert standing(northside).status == "past_due"
        clock.shift(timedelta(days=13))
        night(northside)
        add_device(northside, "ARGUS_A")
        clock.shift(timedelta(days=2))
        with pytest.raises(LimitReached, match="overdue"):
            add_device(northside, "ARGUS_B")
        with northside.scope():
            mark_paid(number=invoice.number, transaction_id="bank-7")
        with northside.scope(), pytest.raises(ValidationError, match="paid already"):
            mark_paid(number=invoice.number)
        assert (standing(northside).status, standing(northside).grace_ends_at) == ("active", None)
        add_device(northside, "ARGUS_B")
    with northside.scope(), transaction.atomic():
        told = [entry.changes for entry in Entry.objects.filter(object_type="accounts.subscription", action="update")]
    assert [
        change[1:] for changes in told for change in changes if change[0] == "status" and change[1] == "past_due"
    ] == [["past_due", "active"]]


def test_an_end_leaves_two_weeks_and_then_the_usual_plan(northside: Clinic, settings: Any) -> None:
    settings.DEFAULT_PLAN = "free"
    give(northside, "clinic", ends_at=BEGAN + timedelta(days=30))
    with time_machine.travel(BEGAN + timedelta(days=20), tick=False) as clock:
        with northside.scope():
            cancel_subscription()
        with northside.scope(), pytest.raises(ValidationError):
            cancel_subscription()
        assert (standing(northside).status, standing(northside).plan.code) == ("cancelled", "clinic")
        clock.shift(timedelta(days=23))
        night(northside)
        assert (standing(northside).status, standing(northside).limit(Limit.DEVICES)) == ("expired", 250)
        add_device(northside, "ARGUS_A")
        clock.shift(timedelta(days=2))
        with pytest.raises(LimitReached, match="The plan Free"):
            add_device(northside, "ARGUS_B")


def test_a_trial_ends_by_itself(northside: Clinic, settings: Any) -> None:
    settings.DEFAULT_PLAN = "free"
    give(northside, "clinic", status="trial", trial_ends_at=BEGAN + timedelta(days=30))
    with time_machine.travel(BEGAN + timedelta(days=29), tick=False) as clock:
        assert standing(northside).status == "trial"
        clock.shift(timedelta(days=2))
        assert standing(northside).status == "expired"


def test_a_plan_removes_old_readings_two_weeks_after_it_was_told(northside: Clinic, southside: Clinic) -> None:
    for clinic in (northside, southside):
        clinic.store(100, 110, 120, until=datetime.now(UTC) - timedelta(days=60))
        clinic.store(130)
    give(northside, "free")

    def removed() -> list[int]:
        counts = []
        for clinic in (northside, southside):
            with clinic.scope():
                counts.append(remove_expired_readings())
        return counts

    night(northside)
    night(northside)
    # To the owner and the admin, once.
    assert sorted(message.to[0] for message in mail.outbox) == ["admin@northside.example", "owner@northside.example"]
    assert "for 30 days" in mail.outbox[0].body
    assert removed() == [0, 0]
    with northside.scope(), transaction.atomic():
        told = PlanRetention.objects.get()
        assert timedelta(days=13) < told.acts_at - datetime.now(UTC) <= timedelta(days=14)
        # The database looks at its own clock, so the notice is moved, not the time.
        told.acts_at = datetime.now(UTC) - timedelta(minutes=1)
        told.save()
    assert removed() == [3, 0]
    change(northside, "unlimited")
    night(northside)
    with northside.scope(), transaction.atomic():
        assert not PlanRetention.objects.exists()


def test_usage_is_counted_once_for_each_day(northside: Clinic, southside: Clinic) -> None:
    yesterday_noon = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12)
    for clinic, values in ((northside, (100, 110, 120)), (southside, (100,))):
        clinic.store(*values, until=yesterday_noon)
        clinic.summarise_and_amend()
    for _ in range(2):
        night(northside)
    night(southside)
    with northside.scope(), transaction.atomic():
        (day,) = UsageDay.objects.all()
    assert day.day == yesterday_noon.date()
    assert (day.devices, day.members, day.patients, day.readings) == (2, 6, 2, 3)
    assert day.storage_bytes >= 3 * 200
