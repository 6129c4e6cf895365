"""Events that Stripe posts. Each says only what to look at: what holds is asked, so their order does not matter."""

from __future__ import annotations

import json
from typing import Any

import stripe
import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import connection, transaction

from accounts.plans.cards import keep_cards, keep_invoice
from accounts.plans.models import ProviderEvent, Subscription
from accounts.plans.prices import prices
from accounts.plans.providers.stripe_client import Stripe
from accounts.plans.providers.stripe_states import card_state, invoice_state, subscription_state
from accounts.plans.services import locked_subscription, save_state
from accounts.plans.standing import Status
from tenancy.scope import organization_scope

TOLERANCE_SECONDS = 5 * 60
ENDED = (Status.CANCELLED, Status.EXPIRED)
log = structlog.get_logger(__name__)


class Forged(SuspiciousOperation):
    """Not signed by Stripe for us, or too old. Nothing of it is kept."""


def receive(body: bytes, signature: str) -> None:
    """Work on one event. Raises Forged; ProviderAway, after which Stripe posts it again."""
    event = _genuine(body, signature)
    customer = _customer_of(event)
    organization_id = _organization_of(customer)
    if organization_id is None:
        log.info("payment_event_of_no_clinic", kind=event["type"])
        return
    with organization_scope(organization_id), transaction.atomic():
        subscription = locked_subscription()
        kept = {"event": event["id"], "kind": event["type"][:100]}
        if subscription is None or ProviderEvent.objects.filter(event=event["id"]).exists():
            return
        ProviderEvent.objects.create(**kept)
        _look(event["type"], event["data"]["object"], subscription)


def _genuine(body: bytes, signature: str) -> dict[str, Any]:
    try:
        text = body.decode()
        stripe.WebhookSignature.verify_header(text, signature, settings.STRIPE_WEBHOOK_SECRET, TOLERANCE_SECONDS)
        event: dict[str, Any] = json.loads(text)
    except (ValueError, stripe.SignatureVerificationError):
        raise Forged("The signature does not fit the body, or it is older than five minutes.") from None
    return event


def _customer_of(event: dict[str, Any]) -> str:
    about = event["data"]["object"]
    customer = about["id"] if about.get("object") == "customer" else about.get("customer")
    return str(customer or "")


def _organization_of(customer: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id FROM accounts_organization_of_customer(%s)", [customer])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _look(kind: str, about: dict[str, Any], subscription: Subscription) -> None:
    ask = Stripe()
    if kind == "checkout.session.completed" and about.get("subscription"):
        _take_over(ask, about["subscription"], subscription)
    elif kind.startswith("customer.subscription."):
        _take_over(ask, about["id"], subscription)
    elif kind.startswith("invoice.") and about.get("id"):
        if state := invoice_state(ask.invoice(about["id"])):
            keep_invoice(subscription, state)
        if subscription.reference:
            _take_over(ask, subscription.reference, subscription)
    if kind == "customer.updated" or kind.startswith(("payment_method.", "checkout.")):
        _take_cards(ask, subscription.customer)


def _take_over(ask: Stripe, reference: str, subscription: Subscription) -> None:
    plans = {price: plan for (plan, _), price in prices(settings.STRIPE_PRICES).items()}
    state = subscription_state(ask.subscription(reference), plans)
    if state is None:
        return
    # An earlier subscription of the clinic that ended says nothing about the one it has now.
    if subscription.reference not in ("", reference) and state["status"] in ENDED:
        return
    if "plan" not in state:
        log.error("price_without_plan", advice="Name the price in STRIPE_PRICES; the clinic keeps the plan it has.")
    save_state(subscription, state)


def _take_cards(ask: Stripe, customer: str) -> None:
    default = ((ask.customer(customer).get("invoice_settings") or {}).get("default_payment_method")) or None
    keep_cards({card["id"]: card_state(card, default) for card in ask.cards(customer)})
