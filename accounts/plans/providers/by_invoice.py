"""No provider: the operator makes invoices by hand (``manage.py billing``)."""

from __future__ import annotations

from accounts.plans.providers.interface import Buyer, NotOnline

SENTENCE = "Plans of this installation are paid by invoice: ask whoever runs the platform."


class ByInvoice:
    name = "none"
    sells_online = False

    def customer_of(self, buyer: Buyer) -> str:
        raise NotOnline(SENTENCE)

    def checkout_address(self, *, customer: str, plan: str, period: str, back_to: str) -> str:
        raise NotOnline(SENTENCE)

    def portal_address(self, *, customer: str, back_to: str) -> str:
        raise NotOnline(SENTENCE)

    def cancel(self, reference: str) -> None:
        """Nobody has to be told."""
