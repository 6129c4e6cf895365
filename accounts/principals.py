"""Who is asking: resolved once for each request, before any row of a clinic can be read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection
from django.utils import timezone

from accounts.roles import STAFF_ROLES, role_allows
from accounts.signing import AccessClaims
from tenancy.scope import Scope

# Where a session keeps the clinic that was chosen at sign-in or with the switcher.
SESSION_ORGANIZATION = "organization_id"

_COLUMNS = """
    principal.user_id, user_public_id, email, principal.user_version, membership_id, name, role, patient_id,
    assigned_patients, organization_id, organization_code, organization_name
"""
_PRINCIPAL = f"""
    SELECT {_COLUMNS}, NULL FROM accounts_principals(%s) principal
     WHERE %s::bigint IS NULL OR organization_id = %s
     ORDER BY last_used_at DESC NULLS LAST, organization_name
"""  # noqa: S608  columns of ours
# One question for each request of an app: the sign-in lives, for this version of the account, and the place is kept.
_SIGNED_IN = f"""
    SELECT {_COLUMNS}, family.id FROM accounts_refreshfamily family, accounts_principals(%s) principal
     WHERE family.id = %s AND family.revoked_at IS NULL AND family.expires_at > %s
       AND principal.organization_code = %s AND family.user_version = %s
       AND principal.user_id = family.user_id AND principal.user_version = family.user_version
       AND principal.organization_id = family.for_organization
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PersonPrincipal:
    """A signed-in person in one clinic. Only active accounts, memberships and clinics make one.

    ``membership_id`` is None for the platform's support. ``assigned_patients``: the only ones this member of the staff
    may see; None: all. ``family_id``: the sign-in of an app behind the request; None for a browser's session.
    ``browser_id``: that session, where the data plane was given a ticket of it.
    """

    user_id: int
    user_public_id: uuid.UUID
    email: str
    user_version: int
    membership_id: int | None
    name: str
    role: str
    patient_id: int | None
    assigned_patients: tuple[int, ...] | None
    organization_id: int
    organization_code: str
    organization_name: str
    family_id: uuid.UUID | None = None
    browser_id: uuid.UUID | None = None

    is_authenticated: ClassVar[bool] = True

    @property
    def scope(self) -> Scope:
        return Scope(self.organization_id, self.user_id, self.patient_id, self.assigned_patients)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def sign_in_id(self) -> uuid.UUID | None:
        return self.family_id or self.browser_id

    def may(self, permission: str) -> bool:
        return role_allows(self.role, permission)


def signed_in_person(request: Any) -> PersonPrincipal:
    """The person behind a request whose route let only people through."""
    principal = request.user
    if not isinstance(principal, PersonPrincipal):
        raise TypeError("a route for signed-in people was reached by another principal")
    return principal


def person_principals(user_public_id: uuid.UUID) -> list[PersonPrincipal]:
    """One for each clinic in which the person may work at this moment, last used first."""
    return _query(_PRINCIPAL, user_public_id, None, None)


def person_principal(user_public_id: uuid.UUID, organization_id: int) -> PersonPrincipal | None:
    found = _query(_PRINCIPAL, user_public_id, organization_id, organization_id)
    return found[0] if found else None


def signed_in_principal(claims: AccessClaims) -> PersonPrincipal | None:
    """Whom an access token stands for at this moment; None where the sign-in, the account or the place has ended."""
    found = _query(
        _SIGNED_IN,
        claims.user_public_id,
        claims.family_id,
        timezone.now(),
        claims.organization,
        claims.user_version,
    )
    return found[0] if found else None


def _query(question: str, *parameters: uuid.UUID | int | str | datetime | None) -> list[PersonPrincipal]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return [principal_of_row(row) for row in cursor.fetchall()]


def stands_for(principal: PersonPrincipal, claims: AccessClaims) -> bool:
    """Whether the place that a live sign-in opens is the one that its access token speaks of."""
    return (
        principal.user_public_id == claims.user_public_id
        and principal.user_version == claims.user_version
        and principal.organization_code == claims.organization
    )


def principal_of_row(row: tuple[Any, ...]) -> PersonPrincipal:
    principal = PersonPrincipal(*row)
    assigned = principal.assigned_patients
    return principal if assigned is None else replace(principal, assigned_patients=tuple(sorted(assigned)))
