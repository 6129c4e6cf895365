from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.plans.services import make_invoice
from accounts.tests.plans.plans import give, subscription
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

PAGE = "/admin/plan/"


def test_the_page_tells_plan_use_and_what_is_owed(northside: Clinic, southside: Clinic) -> None:
    give(northside, "free", status="past_due", grace_ends_at=timezone.now() + timedelta(days=4, hours=3))
    with northside.scope():
        make_invoice(amount=Decimal("49.00"), number="N-7", description="November")
    html = northside.admin("admin").get(PAGE).content.decode()
    for words in ("2 of 1 in use: 1 more than the plan has room for", "5 days left", "49.00 EUR", "N-7", "by invoice"):
        assert words in html
    assert "Cancel the subscription" not in html
    assert "N-7" not in southside.admin("owner").get(PAGE).content.decode()
    for role, status in (("nurse", 403), ("viewer", 403)):
        assert northside.admin(role).get(PAGE).status_code == status
    assert northside.admin("admin").post(PAGE, {"action": "cancel"}).status_code == 403
    assert northside.admin("owner").post(PAGE, {"action": "cancel"}).status_code == 302
    assert subscription(northside).status == "cancelled"
