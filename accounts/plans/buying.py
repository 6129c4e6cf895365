"""What owners do about their plan themselves: pay for one, see to their cards, cancel."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.organizations import current_organization
from accounts.plans.models import Subscription
from accounts.plans.providers import chosen
from accounts.plans.providers.interface import Buyer
from accounts.plans.services import cancel_subscription, locked_subscription, save_state
from accounts.plans.standing import usual_plan
from audit.actions import Action
from audit.services import record

PAGE = "/admin/plan/"


def start_checkout(*, plan: str, period: str, email: str) -> str:
    """The provider's address where the plan is paid; it acts when the provider tells that it was.

    Raises NotOnline and ProviderAway.
    """
    provider, subscription = chosen(), Subscription.objects.first()
    known = subscription.customer if subscription else ""
    customer = provider.customer_of(_buyer(known, email))
    if customer != known:
        _keep_customer(customer, provider.name)
    address = provider.checkout_address(customer=customer, plan=plan, period=period, back_to=_page())
    record(
        action=Action.UPDATE,
        object_type="accounts.subscription",
        object_id=plan,
        reason=f"went to pay for {plan}, {period}",
    )
    return address


def portal_address() -> str:
    """Raises NotOnline and ProviderAway."""
    subscription = Subscription.objects.first()
    return chosen().portal_address(customer=subscription.customer if subscription else "", back_to=_page())


def cancel() -> Subscription | None:
    """At the end of the period that is paid. Raises ValidationError, NotOnline and ProviderAway."""
    subscription = Subscription.objects.first()
    provider = chosen()
    if subscription is not None and subscription.reference and subscription.provider == provider.name:
        provider.cancel(subscription.reference)
    return cancel_subscription()


def _buyer(customer: str, email: str) -> Buyer:
    clinic = current_organization()
    return Buyer(clinic.code, str(clinic.public_id), clinic.name, clinic.contact_email or email, customer)


@transaction.atomic
def _keep_customer(customer: str, provider: str) -> None:
    current = locked_subscription()
    state = {"customer": customer} if current else {"customer": customer, "plan": usual_plan().code}
    save_state(current, {**state, "provider": provider})


def _page() -> str:
    return f"{settings.PUBLIC_URL}{PAGE}"
