"""What a clinic's owners and admins set for it. Clinics are made by operators: ``tenancy.services``."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.changes import apply_changes
from tenancy.models import Organization
from tenancy.scope import required_organization_id


def current_organization() -> Organization:
    return Organization.objects.get(pk=required_organization_id())


@transaction.atomic
def change_organization(*, changes: dict[str, Any]) -> Organization:
    """Change the clinic in scope; acts with the next request. Raises ValidationError for malformed values."""
    locked = Organization.objects.select_for_update(no_key=True).get(pk=required_organization_id())
    apply_changes(locked, changes, object_id=locked.code)
    return locked
