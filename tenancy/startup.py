"""What a serving process checks before it takes its first request or task."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

ROLE_QUERY = """
    SELECT current_user, r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')) AS owns_tables
      FROM pg_roles r WHERE r.rolname = current_user
"""


def refuse_to_serve_unsafely() -> None:
    """Raise ImproperlyConfigured, with a sentence that says what to do, where settings or the role are not safe."""
    if settings.SETTINGS_PROBLEMS:
        raise ImproperlyConfigured("The platform does not start:\n  " + "\n  ".join(settings.SETTINGS_PROBLEMS))
    if "owner" in settings.DATABASES:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is set in a serving process. It is for migrations and backups only: remove it here."
        )
    refuse_role_that_bypasses_isolation()


def refuse_role_that_bypasses_isolation() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROLE_QUERY)
        role, superuser, bypass, owns_tables = cursor.fetchone()
    if superuser or bypass or owns_tables:
        raise ImproperlyConfigured(
            f"The database role {role!r} can see every clinic's rows, so the platform does not serve with it. "
            "Run `manage.py database prepare --admin-url URL` and set DATABASE_URL to the glucose_app line it prints."
        )
