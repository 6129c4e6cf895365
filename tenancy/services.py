from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from tenancy.models import Organization
from tenancy.scope import organization_scope


@transaction.atomic
def create_organization(*, code: str, name: str, timezone: str = "UTC", glucose_unit: str = "mg/dL") -> Organization:
    """Make a clinic. Its row is visible only inside its own scope, so its id is drawn before the insert.

    Raises ValidationError for a malformed or taken code, or an unknown time zone.
    """
    organization = Organization(
        id=next_organization_id(), code=code, name=name, timezone=timezone, glucose_unit=glucose_unit
    )
    organization.clean_fields()
    try:
        with transaction.atomic(), organization_scope(organization.id):
            organization.save(force_insert=True)
    except IntegrityError:
        raise ValidationError({"code": f"There is an organization {code!r} already."}) from None
    return organization


def next_organization_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_organization', 'id'))")
        row = cursor.fetchone()
    return int(row[0])
