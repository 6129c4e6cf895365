"""Which price of the provider stands for which plan and period. The settings import this before Django is ready."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.plans.catalogue import PLANS

SOLD = tuple(code for code in PLANS if code not in ("free", "unlimited"))
PERIODS = ("monthly", "quarterly", "yearly")


def problems_of_prices(items: Sequence[str]) -> list[str]:
    for item in items:
        plan, period, price = (*item.split(":"), "", "", "")[:3]
        if plan not in SOLD or period not in PERIODS or not price or item.count(":") != 2:
            return [
                f"STRIPE_PRICES must hold items such as clinic:monthly:price_1, not {item!r}. "
                f"Plans: {', '.join(SOLD)}; periods: {', '.join(PERIODS)}."
            ]
    return []


def prices(items: Sequence[str]) -> dict[tuple[str, str], str]:
    """By plan and period."""
    parts = (item.split(":") for item in items)
    return {(plan, period): price for plan, period, price in parts}
