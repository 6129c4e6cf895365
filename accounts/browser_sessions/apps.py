"""Where a person is signed in with an app, beside the browsers."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import RefreshFamily, User
from accounts.tokens import revoke_family


def apps_of(user: User) -> QuerySet[RefreshFamily]:
    return RefreshFamily.objects.filter(
        user_id=user.pk, user_version=user.version, revoked_at__isnull=True, expires_at__gt=timezone.now()
    ).order_by("-rotated_at")


def end_app(*, user: User, family_id: uuid.UUID) -> None:
    """Its tokens are refused from the next request on."""
    if apps_of(user).filter(id=family_id).exists():
        revoke_family(family_id=family_id, because="ended by the person")


def end_apps(*, user: User) -> None:
    for family in apps_of(user):
        revoke_family(family_id=family.id, because="ended by the person")
