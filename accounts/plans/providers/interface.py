"""What a payment provider does for us. One of them is chosen by the settings: ``accounts.plans.providers.chosen``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tenancy.refusals import Refusal


class NotOnline(Refusal):
    """Nothing can be bought over the network here, or not this."""

    status_code = 409


class ProviderAway(Refusal):
    status_code = 503
    wait = 60.0

    def __init__(self) -> None:
        super().__init__("The payment provider does not answer at the moment. Please try again in a minute.")


@dataclass(frozen=True, slots=True)
class Buyer:
    """The clinic as the provider is told of it: no member, no patient."""

    code: str
    public_id: str
    name: str
    email: str
    customer: str


class Provider(Protocol):
    name: str
    sells_online: bool

    def customer_of(self, buyer: Buyer) -> str:
        """The provider's name of the clinic; one is made where it has none. Raises NotOnline and ProviderAway."""
        ...

    def checkout_address(self, *, customer: str, plan: str, period: str, back_to: str) -> str:
        """Where the owner pays. Raises NotOnline and ProviderAway."""
        ...

    def portal_address(self, *, customer: str, back_to: str) -> str:
        """Where the owner changes cards and fetches invoices. Raises NotOnline and ProviderAway."""
        ...

    def cancel(self, reference: str) -> None:
        """At the end of the period that is paid; the provider then tells us by an event."""
        ...
