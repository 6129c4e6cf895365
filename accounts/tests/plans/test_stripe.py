"""Against a server that speaks Stripe's answers; events are signed with the library's own scheme."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import stripe
from django.db import transaction
from django.test import Client

from accounts.models import BillingRecord, PaymentMethod, ProviderEvent, Subscription
from accounts.plans.prices import problems_of_prices
from accounts.tests.plans.plans import give, standing, subscription
from accounts.tests.plans.stripe_stub import BEGAN, ENDS, StripeStub, stripe_stub
from audit.models import Entry
from tests.clinics import Clinic
from tests.rest import send

pytestmark = pytest.mark.django_db

SECRET = "whsec_of_the_tests"
WEBHOOK = "/api/v1/billing/stripe/webhook"
CURRENT = "/api/v1/organizations/current"
_numbers = itertools.count()


@pytest.fixture
def shop(settings: Any) -> Iterator[StripeStub]:
    with stripe_stub() as stub:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_of_the_tests", SECRET
        settings.STRIPE_URL = stub.url
        settings.STRIPE_PRICES = ["clinic:monthly:price_clinic", "network:yearly:price_network"]
        settings.DEFAULT_PLAN = "free"
        yield stub


def tell(kind: str, about: dict[str, Any], *, event: str = "", seconds_ago: int = 0, secret: str = SECRET) -> Any:
    about = {"customer": "cus_north", **about}
    created = int(time.time()) - seconds_ago
    event = event or f"evt_{next(_numbers)}"
    body = json.dumps({"id": event, "object": "event", "type": kind, "created": created, "data": {"object": about}})
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, created)
    return Client().post(WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": signature})


def rows(clinic: Clinic, model: Any) -> list[Any]:
    with clinic.scope(), transaction.atomic():
        return list(model.objects.order_by("id"))


def test_an_owner_buys_a_plan_and_cancels_it(northside: Clinic, southside: Clinic, shop: StripeStub) -> None:
    owner = northside.api("owner")
    for body, status in (({"plan": "free"}, 422), ({"plan": "clinic", "period": "yearly"}, 409)):
        assert send(owner, "POST", f"{CURRENT}/subscription/checkout", body).status_code == status
    answer = send(owner, "POST", f"{CURRENT}/subscription/checkout", {"plan": "clinic"})
    assert (answer.status_code, answer.json()) == (201, {"url": "https://pay.example/checkout"})
    made = {path: fields for method, path, fields in shop.asked}
    assert made["/v1/customers"]["metadata[organization]"] == "northside"
    session = made["/v1/checkout/sessions"]
    assert (session["customer"], session["line_items[0][price]"]) == ("cus_north", "price_clinic")
    assert standing(northside).plan.code == "free"

    shop.subscribe()
    shop.cards(("pm_1", "4242"), ("pm_2", "0005"))
    assert (
        tell("checkout.session.completed", {"object": "checkout.session", "subscription": "sub_1"}).status_code == 200
    )
    kept = subscription(northside)
    assert (kept.plan, kept.status, kept.amount, kept.currency) == ("clinic", "active", Decimal("49.00"), "EUR")
    assert (kept.ends_at, kept.auto_renew) == (datetime.fromtimestamp(ENDS, UTC), True)
    cards = northside.api("admin").get(f"{CURRENT}/payment-methods").json()["items"]
    assert [(card["brand"], card["last4"], card["isDefault"]) for card in cards] == [
        ("visa", "4242", True),
        ("visa", "0005", False),
    ]
    assert send(owner, "POST", f"{CURRENT}/subscription/portal").json() == {"url": "https://pay.example/billing_portal"}

    answer = send(owner, "POST", f"{CURRENT}/subscription/cancel")
    assert (answer.json()["status"], answer.json()["plan"]) == ("cancelled", "clinic")
    assert ("POST", "/v1/subscriptions/sub_1", {"cancel_at_period_end": "True"}) in shop.asked or (
        "POST",
        "/v1/subscriptions/sub_1",
        {"cancel_at_period_end": "true"},
    ) in shop.asked
    assert rows(southside, Subscription) == rows(southside, PaymentMethod) == []


def test_only_what_stripe_signed_counts(northside: Clinic, shop: StripeStub) -> None:
    give(northside, "free", customer="cus_north")
    shop.subscribe()
    about = {"object": "subscription", "id": "sub_1"}
    assert tell("customer.subscription.updated", about, secret="whsec_other").status_code == 400
    assert tell("customer.subscription.updated", about, seconds_ago=301).status_code == 400
    assert Client().post(WEBHOOK, b"{}", content_type="application/json").status_code == 400
    assert shop.asked == rows(northside, ProviderEvent) == []
    assert tell("customer.subscription.updated", about, seconds_ago=240).status_code == 200
    assert subscription(northside).plan == "clinic"


def test_an_event_counts_once_and_their_order_does_not_matter(northside: Clinic, shop: StripeStub) -> None:
    give(northside, "free", customer="cus_north")
    about = {"object": "subscription", "id": "sub_1", "status": "active"}
    # Stripe knows by now that a payment failed; what is delivered last was written first.
    shop.subscribe(status="past_due")
    assert tell("customer.subscription.updated", about, event="evt_late").status_code == 200
    assert tell("customer.subscription.created", about, event="evt_first", seconds_ago=200).status_code == 200
    kept = subscription(northside)
    assert (kept.plan, kept.status) == ("clinic", "past_due")
    grace = kept.grace_ends_at
    asked = len(shop.asked)
    assert tell("customer.subscription.updated", about, event="evt_late").status_code == 200
    assert (len(shop.asked), len(rows(northside, ProviderEvent))) == (asked, 2)
    # More reminders are no more grace.
    tell("customer.subscription.updated", about)
    assert subscription(northside).grace_ends_at == grace is not None
    shop.subscribe()
    tell("customer.subscription.updated", about)
    assert (subscription(northside).status, subscription(northside).grace_ends_at) == ("active", None)


def test_an_earlier_subscription_that_ends_takes_nothing_from_the_new_one(northside: Clinic, shop: StripeStub) -> None:
    give(northside, "clinic", customer="cus_north", reference="sub_2", provider="stripe")
    shop.subscribe("sub_1", status="canceled", ended_at=BEGAN + 60)
    assert tell("customer.subscription.deleted", {"object": "subscription", "id": "sub_1"}).status_code == 200
    assert (subscription(northside).status, subscription(northside).reference) == ("active", "sub_2")
    shop.subscribe("sub_2", status="canceled", ended_at=BEGAN)
    tell("customer.subscription.deleted", {"object": "subscription", "id": "sub_2"})
    assert subscription(northside).status == "cancelled"


def test_invoices_follow_stripe(northside: Clinic, southside: Clinic, shop: StripeStub) -> None:
    give(northside, "clinic", customer="cus_north", reference="sub_1", provider="stripe")
    give(southside, "clinic", customer="cus_south")
    shop.subscribe()
    about = {"object": "invoice", "id": "in_1"}
    steps: list[tuple[dict[str, Any], str]] = [
        ({}, "pending"),
        ({"attempt_count": 1}, "failed"),
        ({"status": "paid", "amount_paid": 4900, "status_transitions": {"paid_at": BEGAN + 5}}, "paid"),
    ]
    for changes, status in steps:
        shop.invoice(**changes)
        assert tell("invoice.updated", about).status_code == 200
        (kept,) = rows(northside, BillingRecord)
        assert (kept.status, kept.number, kept.amount) == (status, "NS-0001", Decimal("49.00"))
    (item,) = northside.api("owner").get(f"{CURRENT}/invoices").json()["items"]
    assert (item["paidAmount"], item["method"], item["transactionId"]) == ("49.00", "stripe", "in_1")
    # A yen has no parts, and a trial's first invoice is of nothing.
    shop.things.clear()
    shop.subscribe(price={"currency": "jpy", "unit_amount": 7_800})
    shop.invoice(total=0)
    tell("invoice.created", about)
    assert (subscription(northside).amount, subscription(northside).currency) == (Decimal(7_800), "JPY")
    assert rows(southside, BillingRecord) == [] == southside.api("owner").get(f"{CURRENT}/invoices").json()["items"]
    with northside.scope(), transaction.atomic():
        assert Entry.objects.filter(object_type="accounts.billingrecord").count() == 3


def test_stripe_away_is_asked_again_and_nothing_is_lost(northside: Clinic, shop: StripeStub) -> None:
    give(northside, "free", customer="cus_north")
    about = {"object": "subscription", "id": "sub_1"}
    shop.status = 500
    assert tell("customer.subscription.updated", about, event="evt_again").status_code == 503
    assert rows(northside, ProviderEvent) == []
    shop.status = 200
    shop.subscribe()
    assert tell("customer.subscription.updated", about, event="evt_again").status_code == 200
    assert subscription(northside).plan == "clinic"


def test_without_stripe_nothing_is_sold_and_nothing_taken(northside: Clinic) -> None:
    owner = northside.api("owner")
    for address in ("checkout", "portal"):
        answer = send(owner, "POST", f"{CURRENT}/subscription/{address}", {"plan": "clinic"})
        assert (answer.status_code, "by invoice" in answer.json()["detail"]) == (409, True)
    assert tell("invoice.paid", {"object": "invoice", "id": "in_1"}).status_code == 409


def test_prices_that_name_no_plan_are_refused_at_the_start() -> None:
    assert problems_of_prices(["clinic:monthly:price_1", "network:yearly:price_2"]) == []
    for wrong in (
        "clinic:price_1",
        "gold:monthly:price_1",
        "free:monthly:price_1",
        "clinic:weekly:p",
        "clinic:monthly:",
    ):
        assert problems_of_prices([wrong]), wrong
