"""Who acts while nobody is signed in yet: the middleware knows no principal then, and the ledger asks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from accounts.models import User
from audit.occasion import Actor, ActorKind, Occasion, current_occasion, occasion


def acting_as(user: User, *, name: str, role: str = "", kind: ActorKind = "person") -> AbstractContextManager[Occasion]:
    return occasion(replace(current_occasion(), actor=Actor(kind, str(user.public_id), name, role)))
