from __future__ import annotations

from accounts.plans.api.views import (
    CancelView,
    CheckoutView,
    InvoiceViewSet,
    PaymentMethodViewSet,
    PlansView,
    PortalView,
    SubscriptionView,
    UsageView,
)
from accounts.plans.api.webhook import StripeWebhookView
from tenancy.api.routing import PUBLIC, Route

CURRENT = "api/v1/organizations/current"
NO_PATIENTS = "shows what the clinic pays and uses, no patient"
LOOK, BUY = "accounts.view_subscription", "accounts.change_subscription"

ROUTES = [
    Route(f"{CURRENT}/plans", PlansView, "plans", {"GET": LOOK}, unaudited=NO_PATIENTS),
    Route(f"{CURRENT}/subscription", SubscriptionView, "subscription", {"GET": LOOK}, unaudited=NO_PATIENTS),
    Route(f"{CURRENT}/subscription/checkout", CheckoutView, "plan-checkout", {"POST": BUY}, refusals=(409, 503)),
    Route(f"{CURRENT}/subscription/portal", PortalView, "plan-portal", {"POST": BUY}, refusals=(409, 503)),
    Route(f"{CURRENT}/subscription/cancel", CancelView, "plan-cancel", {"POST": BUY}, refusals=(409, 503)),
    Route(f"{CURRENT}/usage", UsageView, "usage", {"GET": LOOK}, unaudited=NO_PATIENTS),
    Route(f"{CURRENT}/invoices", InvoiceViewSet, "invoices", {"GET": LOOK}, {"GET": "list"}, unaudited=NO_PATIENTS),
    Route(
        f"{CURRENT}/payment-methods",
        PaymentMethodViewSet,
        "payment-methods",
        {"GET": LOOK},
        {"GET": "list"},
        unaudited=NO_PATIENTS,
    ),
    Route("api/v1/billing/stripe/webhook", StripeWebhookView, "stripe-webhook", {"POST": PUBLIC}, refusals=(409, 503)),
]
