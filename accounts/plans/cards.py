"""Invoices and cards as the provider tells them: the whole of what it knows replaces what was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.plans.models import BillingRecord, PaymentMethod, Subscription
from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record


def keep_invoice(subscription: Subscription, state: Mapping[str, Any]) -> None:
    """Found by the provider's own name of it. Under ``locked_subscription``."""
    known: BillingRecord | None = BillingRecord.objects.filter(transaction_id=state["transaction_id"]).first()
    if known is None:
        made = BillingRecord(subscription=subscription, **state)
        made.full_clean(exclude=["subscription"])
        made.save()
        record_creation(made, object_id=made.number)
        return
    changed = {name: value for name, value in state.items() if getattr(known, name) != value}
    if changed:
        apply_changes(known, changed, object_id=known.number, exclude=["subscription"])


def keep_cards(states: Mapping[str, Mapping[str, Any]]) -> None:
    """``states``: by the provider's name of each card. Under ``locked_subscription``."""
    known = {card.reference: card for card in PaymentMethod.objects.all()}
    for reference, card in known.items():
        if reference not in states:
            card.delete()
            record(action=Action.DELETE, object_type=card._meta.label_lower, object_id=str(card.public_id))
    for reference, state in states.items():
        if reference in known:
            card = known[reference]
            changed = {name: value for name, value in state.items() if getattr(card, name) != value}
            if changed:
                apply_changes(card, changed, object_id=str(card.public_id))
        else:
            made = PaymentMethod(reference=reference, **state)
            made.full_clean()
            made.save()
            record_creation(made, object_id=str(made.public_id), skip=["reference"])
