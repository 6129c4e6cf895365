from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import Membership

VIEWING = "alerts.view_episode"


def require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def acting_member(request: HttpRequest) -> Membership:
    """Who answers for an act. The platform's support is no member of the clinic, and acts on no alarm."""
    member: Membership | None = Membership.objects.filter(pk=membership_id(request)).first()
    if member is None:
        raise PermissionDenied
    return member


def membership_id(request: HttpRequest) -> int | None:
    number: int | None = request.principal.membership_id  # type: ignore[attr-defined]
    return number
