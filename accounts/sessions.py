"""The sign-ins of a person's apps, and how to end them. Those of browsers: ``accounts.browser_sessions``."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import RefreshFamily
from accounts.tokens import IDLE, revoke_family
from audit.actions import Action
from audit.services import record_for_person


def live_families(user_id: int) -> QuerySet[RefreshFamily]:
    """Those that could still get a new token, last used first."""
    now = timezone.now()
    return RefreshFamily.objects.filter(
        user_id=user_id,
        user_version=F("user__version"),
        revoked_at__isnull=True,
        expires_at__gt=now,
        rotated_at__gt=now - IDLE,
    ).order_by("-rotated_at", "id")


@transaction.atomic
def end_family(*, user_id: int, user_public_id: uuid.UUID, family_id: uuid.UUID) -> bool:
    """False where the person has no such sign-in."""
    if not live_families(user_id).filter(pk=family_id).exists():
        return False
    revoke_family(family_id=family_id, because="ended by the person")
    record_for_person(user_public_id=user_public_id, action=Action.SESSION_REVOKED, reason="a sign-in of an app")
    return True


@transaction.atomic
def end_other_families(*, user_id: int, user_public_id: uuid.UUID, but: uuid.UUID | None) -> int:
    """``but``: the sign-in that stays. Returns how many ended."""
    others = RefreshFamily.objects.filter(user_id=user_id).exclude(pk__in=[but] if but else [])
    count = others.revoke(because="ended by the person")
    if count:
        record_for_person(user_public_id=user_public_id, action=Action.SESSION_REVOKED, reason="all other apps")
    return count
