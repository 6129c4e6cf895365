"""Who is asking: resolved once for each request, before any row of a clinic can be read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection

from accounts.roles import STAFF_ROLES, role_allows
from tenancy.scope import Scope

# Where a session keeps the clinic that was chosen at sign-in or with the switcher.
SESSION_ORGANIZATION = "organization_id"

_PRINCIPAL = """
    SELECT user_id, user_public_id, email, user_version, membership_id, name, role, patient_id,
           organization_id, organization_code, organization_name
      FROM accounts_principals(%s) WHERE %s::bigint IS NULL OR organization_id = %s
     ORDER BY last_used_at DESC NULLS LAST, organization_name
"""


@dataclass(frozen=True, slots=True)
class PersonPrincipal:
    """A signed-in person in one clinic. Only active accounts, memberships and clinics make one."""

    user_id: int
    user_public_id: uuid.UUID
    email: str
    user_version: int
    membership_id: int
    name: str
    role: str
    patient_id: int | None
    organization_id: int
    organization_code: str
    organization_name: str

    is_authenticated: ClassVar[bool] = True

    @property
    def scope(self) -> Scope:
        return Scope(self.organization_id, self.user_id, self.patient_id)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

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
    return _query(user_public_id, None)


def person_principal(user_public_id: uuid.UUID, organization_id: int) -> PersonPrincipal | None:
    found = _query(user_public_id, organization_id)
    return found[0] if found else None


def _query(user_public_id: uuid.UUID, organization_id: int | None) -> list[PersonPrincipal]:
    with connection.cursor() as cursor:
        cursor.execute(_PRINCIPAL, [user_public_id, organization_id, organization_id])
        return [PersonPrincipal(*row) for row in cursor.fetchall()]
