"""Stripe, through its library: checkout, the customer's portal, and what is so at this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import stripe
from django.conf import settings

from accounts.plans.prices import prices
from accounts.plans.providers.interface import Buyer, NotOnline, ProviderAway

TIMEOUT_SECONDS = 10
NOT_SOLD = "This plan is not sold for this period. Plans that are: GET /api/v1/organizations/current/plans."
Answer = TypeVar("Answer")


class Stripe:
    name = "stripe"
    sells_online = True

    def __init__(self) -> None:
        self._client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_URL},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=1,
        )

    def customer_of(self, buyer: Buyer) -> str:
        if buyer.customer:
            return buyer.customer
        made = _ask(
            lambda: self._client.v1.customers.create(
                {"name": buyer.name, "email": buyer.email, "metadata": {"organization": buyer.code}},
                # Two owners at once, or one after a broken connection, make one customer.
                {"idempotency_key": f"customer-{buyer.public_id}"},
            )
        )
        return str(made.id)

    def checkout_address(self, *, customer: str, plan: str, period: str, back_to: str) -> str:
        price = prices(settings.STRIPE_PRICES).get((plan, period))
        if price is None:
            raise NotOnline(NOT_SOLD)
        session = _ask(
            lambda: self._client.v1.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "customer": customer,
                    "line_items": [{"price": price, "quantity": 1}],
                    "success_url": back_to,
                    "cancel_url": back_to,
                }
            )
        )
        return str(session.url)

    def portal_address(self, *, customer: str, back_to: str) -> str:
        if not customer:
            raise NotOnline("The clinic has bought nothing yet.")
        session = _ask(
            lambda: self._client.v1.billing_portal.sessions.create({"customer": customer, "return_url": back_to})
        )
        return str(session.url)

    def cancel(self, reference: str) -> None:
        _ask(lambda: self._client.v1.subscriptions.update(reference, {"cancel_at_period_end": True}))

    def subscription(self, reference: str) -> dict[str, Any]:
        return _plain(_ask(lambda: self._client.v1.subscriptions.retrieve(reference)))

    def invoice(self, reference: str) -> dict[str, Any]:
        return _plain(_ask(lambda: self._client.v1.invoices.retrieve(reference)))

    def customer(self, reference: str) -> dict[str, Any]:
        return _plain(_ask(lambda: self._client.v1.customers.retrieve(reference)))

    def cards(self, customer: str) -> list[dict[str, Any]]:
        found = _ask(lambda: self._client.v1.customers.payment_methods.list(customer, {"type": "card", "limit": 20}))
        return [_plain(method) for method in found.data]


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.to_dict()
    return plain


def _ask(question: Callable[[], Answer]) -> Answer:
    """What Stripe refuses is a fault of the installation's settings, and stays an error of ours in the log."""
    try:
        return question()
    except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
        if isinstance(error, stripe.StripeError) and (error.http_status or 500) < 500 and error.http_status != 429:
            raise
        raise ProviderAway from None
