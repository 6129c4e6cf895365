"""What a serving process checks before it takes its first request or task."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from tenancy import roles

log = structlog.get_logger(__name__)

# Every role that it can act as counts: what it is a member of, it can become; and an owner of a table can switch its
# policies off.
_ROLE_QUERY = """
    SELECT current_user, EXISTS (
           SELECT 1 FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')
              AND (r.rolsuper OR r.rolbypassrls OR {refused}
                   OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))))
"""
# Support's policies show every clinic.
NOT_THIS_ROLE = _ROLE_QUERY.format(refused="r.rolname = %s")
ONLY_THIS_ROLE = _ROLE_QUERY.format(refused="r.rolname <> %s")


def refuse_to_serve_unsafely() -> None:
    """Raise ImproperlyConfigured, with a sentence that says what to do, where settings or the role are not safe."""
    if settings.SETTINGS_PROBLEMS:
        raise ImproperlyConfigured("The platform does not start:\n  " + "\n  ".join(settings.SETTINGS_PROBLEMS))
    if "owner" in settings.DATABASES:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is set in a serving process. It is for migrations and backups only: remove it here."
        )
    try:
        refuse_role_that_bypasses_isolation()
    except OperationalError:
        log.warning("database_away", detail="Requests answer 503 until it can be reached; then its role is looked at.")
        connection_created.connect(_look_at_the_role)


def _look_at_the_role(*, connection: Any, **kwargs: Any) -> None:
    try:
        refuse_role_that_bypasses_isolation()
    except BaseException:
        # Whoever asks next would find it open and use it.
        connection.close()
        raise
    connection_created.disconnect(_look_at_the_role)


def refuse_role_that_bypasses_isolation() -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOT_THIS_ROLE, [roles.SUPPORT])
        role, sees_everything = cursor.fetchone()
    if sees_everything:
        raise ImproperlyConfigured(
            f"The database role {role!r} can see every clinic's rows, so the platform does not serve with it. "
            "Run `manage.py database prepare --admin-url URL` and set DATABASE_URL to the glucose_app line it prints."
        )
