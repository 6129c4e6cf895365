from __future__ import annotations

from django.conf import settings

from accounts.plans.providers.by_invoice import ByInvoice
from accounts.plans.providers.interface import Provider


def chosen() -> Provider:
    if not settings.STRIPE_SECRET_KEY:
        return ByInvoice()
    # Imported here: most installations take no payments, and the library is large.
    from accounts.plans.providers.stripe_client import Stripe

    return Stripe()
