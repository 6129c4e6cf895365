"""By what right an export goes on: asked again before each page, since a long file outlives the look at its request."""

from __future__ import annotations

from collections.abc import Callable

from accounts.principals import PersonPrincipal, person_principal, signed_in_principal
from accounts.signing import AccessClaims
from tenancy.scope import Scope

# The scope to read the next page in; None where the right has ended.
Authority = Callable[[], Scope | None]


def authority_of(principal: PersonPrincipal, permission: str) -> Authority:
    """What the person may at the moment of each call: the sign-in, the account, the role, the patients assigned."""

    def authority() -> Scope | None:
        now = _as_of_now(principal)
        return now.scope if now is not None and now.may(permission) else None

    return authority


def constant_authority(scope: Scope) -> Authority:
    """Of an operator at the terminal."""
    return lambda: scope


def _as_of_now(principal: PersonPrincipal) -> PersonPrincipal | None:
    if principal.family_id is not None:
        claims = AccessClaims(
            user_public_id=principal.user_public_id,
            organization=principal.organization_code,
            user_version=principal.user_version,
            family_id=principal.family_id,
        )
        return signed_in_principal(claims)
    now = person_principal(principal.user_public_id, principal.organization_id)
    return now if now is not None and now.user_version == principal.user_version else None
