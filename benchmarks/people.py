"""Clinicians who are signed in."""

from __future__ import annotations

from itertools import count

from django.db import transaction

from accounts.principals import person_principal
from accounts.roles import Role
from accounts.services import add_member
from accounts.tokens import start_family
from tenancy.scope import organization_scope

_numbers = count(1)


def access_token(organization_id: int) -> str:
    """Of a new member of that clinic."""
    number = next(_numbers)
    with organization_scope(organization_id), transaction.atomic():
        member = add_member(
            email=f"clinician{number}@benchmark.example", name=f"Clinician {number}", role=Role.CLINICIAN
        )
    principal = person_principal(member.user_public_id, organization_id)
    if principal is None:
        raise LookupError("a member who was just added has no access")
    return start_family(principal=principal).access
