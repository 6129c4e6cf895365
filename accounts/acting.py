"""Who acts, as the ledger calls them: a principal, or while nobody is signed in yet the person of an account."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from accounts.models import User
from accounts.principals import PersonPrincipal
from audit.occasion import Actor, ActorKind, Occasion, current_occasion, occasion


def actor_of(principal: PersonPrincipal) -> Actor:
    return Actor(kind_of_actor(principal), str(principal.user_public_id), principal.name, principal.role)


def kind_of_actor(principal: PersonPrincipal) -> ActorKind:
    return "support" if principal.membership_id is None else "person"


def acting_as(user: User, *, name: str, role: str = "", kind: ActorKind = "person") -> AbstractContextManager[Occasion]:
    return occasion(replace(current_occasion(), actor=Actor(kind, str(user.public_id), name, role)))
