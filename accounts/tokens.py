"""Sign-ins of apps: an access token for minutes, and a family of refresh tokens for weeks.

A refresh token is ``glr_<family>.<generation>.<signature>``: signed, not stored. Only the family's newest generation is
taken; the one before is answered with the same successor for a few seconds, since an answer may be lost on its way;
anything older is a copy in the wrong hands and ends the family.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.access_tokens import make_access_token
from accounts.models import RefreshFamily, User
from accounts.principals import PersonPrincipal, person_principal
from accounts.signing import AccessClaims
from audit.actions import Action
from audit.services import record_for_person

PREFIX = "glr_"
GRACE = timedelta(seconds=10)
IDLE = timedelta(days=30)
ABSOLUTE = timedelta(days=60)


class RefreshRefused(Exception):
    """The refresh token is forged, used up, expired or revoked, or the person has lost the account or the clinic."""


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    expires_in: int
    family_id: uuid.UUID


def start_family(*, principal: PersonPrincipal, user_agent: str = "", former: uuid.UUID | None = None) -> Tokens:
    """A sign-in that lives as long as the version of the account for which the person was known.

    ``former``: the sign-in that opened it. The new one ends no later, since nobody showed a password for it.
    """
    now = timezone.now()
    ends = now + ABSOLUTE if former is None else RefreshFamily.objects.get(pk=former).expires_at
    family = RefreshFamily.objects.create(
        user_id=principal.user_id,
        user_version=principal.user_version,
        for_organization=principal.organization_id,
        rotated_at=now,
        expires_at=ends,
        user_agent=user_agent[:200],
    )
    return issue(principal, family)


def continue_family(*, principal: PersonPrincipal) -> Tokens:
    """Tokens for the sign-in behind the request, of the account's version as it is now."""
    if principal.family_id is None:
        raise TypeError("a browser's session has no tokens to go on with")
    family = RefreshFamily.objects.get(pk=principal.family_id)
    return issue(replace(principal, user_version=family.user_version), family)


def issue(principal: PersonPrincipal, family: RefreshFamily) -> Tokens:
    claims = AccessClaims(
        principal.user_public_id, principal.organization_code, principal.user_version, family_id=family.id
    )
    return Tokens(
        access=make_access_token(claims),
        refresh=refresh_token(family.id, family.generation),
        expires_in=settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
        family_id=family.id,
    )


@dataclass(frozen=True, slots=True)
class Rotated:
    family: RefreshFamily
    principal: PersonPrincipal


def rotate(*, token: str) -> Rotated:
    """Move the family to its next generation; concurrent callers with one token have one winner.

    The row is committed before this raises, so a caller's rollback cannot undo a revocation.
    Raises RefreshRefused.
    """
    family_id, generation = _read_refresh_token(token)
    now = timezone.now()
    with transaction.atomic(durable=True):
        won = RefreshFamily.objects.filter(
            id=family_id,
            generation=generation,
            revoked_at__isnull=True,
            expires_at__gt=now,
            rotated_at__gt=now - IDLE,
        ).update(generation=F("generation") + 1, rotated_at=now)
        family = RefreshFamily.objects.filter(id=family_id).first()
        if family is None or family.revoked_at is not None:
            refused = True
        elif won or (generation == family.generation - 1 and family.rotated_at > now - GRACE):
            refused = False
        else:
            refused = True
            if generation < family.generation:
                _end_stolen(family)
    principal = None if refused or family is None else _principal_of(family)
    if family is None or principal is None or principal.user_version != family.user_version:
        raise RefreshRefused
    return Rotated(family, principal)


def _end_stolen(family: RefreshFamily) -> None:
    """Two hold what one person got: neither goes on, and the person's clinics can see why."""
    _revoke(family.id, "reuse")
    user = User.objects.with_id(family.user_id)
    if user:
        reason = "a refresh token was used twice: somebody may have copied it"
        record_for_person(user_public_id=user.public_id, action=Action.SESSION_REVOKED, reason=reason)


def _principal_of(family: RefreshFamily) -> PersonPrincipal | None:
    user = User.objects.with_id(family.user_id)
    return person_principal(user.public_id, family.for_organization) if user else None


def revoke_family(*, family_id: uuid.UUID, because: str) -> None:
    with transaction.atomic():
        _revoke(family_id, because)


def refresh_token(family_id: uuid.UUID, generation: int) -> str:
    body = f"{family_id.hex}.{generation}"
    return f"{PREFIX}{body}.{_signature(body)}"


def _revoke(family_id: uuid.UUID, because: str) -> None:
    RefreshFamily.objects.filter(id=family_id).revoke(because=because)


def _read_refresh_token(token: str) -> tuple[uuid.UUID, int]:
    body, _, signature = token.removeprefix(PREFIX).rpartition(".")
    try:
        if not hmac.compare_digest(_signature(body).encode(), signature.encode()):
            raise RefreshRefused
        family, generation = body.split(".")
        return uuid.UUID(family), int(generation)
    except ValueError:
        raise RefreshRefused from None


def _signature(body: str) -> str:
    key = hashlib.sha256(b"refresh-token:" + settings.SECRET_KEY.encode()).digest()
    digest = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
