"""The clinic's plan, what is used of it, and what is paid for it: for its owners and admins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from accounts.models import BillingRecord, PaymentMethod, UsageDay
from accounts.plans.buying import cancel, portal_address, start_checkout
from accounts.plans.catalogue import COUNTED, PLANS, Limit, Plan
from accounts.plans.limits import THINGS
from accounts.plans.prices import prices
from accounts.plans.providers import chosen
from accounts.plans.standing import Standing, current_standing
from accounts.plans.usage import in_use
from accounts.principals import PersonPrincipal

LOOK, BUY = "accounts.view_subscription", "accounts.change_subscription"
INVOICES_SHOWN, DAYS_SHOWN = 50, 14
NEARLY_FULL = 0.8


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    used: int
    allowed: int | None
    words: str
    state: str


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def plan_page(request: HttpRequest) -> HttpResponse:
    person: PersonPrincipal = request.principal  # type: ignore[attr-defined]
    if not person.may(LOOK) or (request.method == "POST" and not person.may(BUY)):
        raise PermissionDenied
    # A link and no redirect: the policy of our pages lets a form lead nowhere else.
    going_to = _act(request, person) if request.method == "POST" else None
    if request.method == "POST" and going_to is None:
        return HttpResponseRedirect(reverse("admin:plan"))
    now, standing = timezone.now(), current_standing()
    provider = chosen()
    context = {
        **admin.site.each_context(request),
        "title": "Plan and usage",
        "going_to": going_to,
        "standing": standing,
        "plan": PLANS[standing.subscription.plan] if standing.subscription else standing.plan,
        "status": standing.status.replace("_", " ").capitalize(),
        "banner": _banner(standing, now),
        "bars": list(_bars(standing)),
        "keeps": _time_words(standing.limit(Limit.RETENTION_DAYS)),
        "requests": f"{standing.limit(Limit.API_REQUESTS_PER_HOUR) or 0:,}",
        "plans": [_offer(plan) for plan in PLANS.values() if plan.code != "unlimited"],
        "days": UsageDay.objects.order_by("-day")[:DAYS_SHOWN],
        "invoices": BillingRecord.objects.all()[:INVOICES_SHOWN],
        "cards": PaymentMethod.objects.all(),
        "is_online": provider.sells_online,
        "may_change": person.may(BUY),
        "may_cancel": standing.subscription is not None and standing.status not in ("cancelled", "expired"),
        "has_customer": standing.subscription is not None and bool(standing.subscription.customer),
    }
    return TemplateResponse(request, "workplace/plan.html", context)


def _act(request: HttpRequest, person: PersonPrincipal) -> str | None:
    """Where to go on; None: back to the page, which says what happened."""
    action, (plan, _, period) = request.POST.get("action"), request.POST.get("offer", "").partition(":")
    try:
        with transaction.atomic():
            if action == "pay":
                return start_checkout(plan=plan, period=period, email=person.email)
            if action == "portal":
                return portal_address()
            if action == "cancel":
                cancel()
                messages.success(
                    request, "The subscription ends with the period that is paid. Nothing is removed by it."
                )
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return None


def _bars(standing: Standing) -> Iterator[Bar]:
    used_of = in_use()
    for limit in COUNTED:
        used, allowed = used_of.of(limit), standing.limit(limit)
        name = THINGS[limit][1].capitalize()
        if allowed is None:
            yield Bar(name, used, None, f"{used} in use, no limit", "free")
        else:
            words, state = _fullness(used, allowed)
            yield Bar(name, used, allowed, f"{used} of {allowed} in use{words}", state)


def _fullness(used: int, allowed: int) -> tuple[str, str]:
    if used > allowed:
        return f": {used - allowed} more than the plan has room for", "full"
    if used == allowed:
        return ": full", "full"
    return (": nearly full", "near") if used >= NEARLY_FULL * allowed else ("", "free")


def _banner(standing: Standing, now: datetime) -> tuple[str, str] | None:
    """Whether it is urgent, and the sentences."""
    if standing.is_stopped:
        return "urgent", (
            "An invoice is overdue and the time of grace is over: no devices, members or patients can be added. "
            "Devices go on being heard, and nothing is removed because of it."
        )
    if (days := standing.grace_days_left(now)) is None:
        return None
    left = f"{days} day{'' if days == 1 else 's'} left"
    if standing.status in ("past_due", "unpaid"):
        return (
            "urgent",
            f"An invoice is overdue. Everything goes on for now: {left} until nothing can be added any more.",
        )
    if standing.status == "expired":
        return "calm", f"The subscription has ended. Its limits hold for now: {left}."
    return "calm", f"The plan is smaller than the one before, whose limits hold for now: {left}."


def _offer(plan: Plan) -> dict[str, Any]:
    sold = prices(settings.STRIPE_PRICES) if chosen().sells_online else {}
    sizes = [f"{plan.limit(limit):,} {THINGS[limit][plan.limit(limit) != 1]}" for limit in COUNTED]
    return {
        "plan": plan,
        "sizes": [*sizes, f"readings kept for {_time_words(plan.limit(Limit.RETENTION_DAYS))}"],
        "periods": [period for code, period in sold if code == plan.code],
    }


def _time_words(days: int | None) -> str:
    if days is None:
        return "any time"
    years, rest = divmod(days, 365)
    return f"{years} year{'' if years == 1 else 's'}" if years and not rest else f"{days} days"
