"""Questions to PostgreSQL's catalogue. ``using``: the app role's connection, or the owner's in tests of changes."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from django.db import connections

RELATIONS = """
    SELECT c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
           COALESCE(c.reloptions, '{}'), pg_get_userbyid(c.relowner)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public'
"""
POLICIES = """
    SELECT tablename, policyname, cmd, permissive, array_to_string(roles, ','), qual, with_check FROM pg_policies
"""
# The grantee 0 is PUBLIC. The owner's own rights are not listed.
TABLE_GRANTS = """
    SELECT c.relname, COALESCE(r.rolname, 'PUBLIC'), acl.privilege_type
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL aclexplode(c.relacl) acl
      LEFT JOIN pg_roles r ON r.oid = acl.grantee
     WHERE n.nspname = 'public' AND c.relkind = ANY (%s) AND acl.grantee <> c.relowner
"""
COLUMN_GRANTS = """
    SELECT c.relname, a.attname, COALESCE(r.rolname, 'PUBLIC'), acl.privilege_type
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
     CROSS JOIN LATERAL aclexplode(a.attacl) acl
      LEFT JOIN pg_roles r ON r.oid = acl.grantee
"""
# The schema "prepared" belongs to the tests (tests.prepared).
DEFINER_FUNCTIONS = """
    SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner), COALESCE(array_to_string(p.proconfig, ' '), ''),
           array(SELECT COALESCE(r.rolname::text, 'PUBLIC')
                   FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) acl
                   LEFT JOIN pg_roles r ON r.oid = acl.grantee WHERE acl.grantee <> p.proowner)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'prepared')
"""


def rows(sql: str, parameters: list[Any] | None = None, *, using: str = "default") -> list[Any]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[Any] = cursor.fetchall()
    return found


def policies(using: str = "default") -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for table, *parts in rows(POLICIES, using=using):
        found[table].add("|".join(re.sub(r"\s+", " ", part or "-").strip() for part in parts))
    return found


def table_grants(using: str = "default") -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for table, role, privilege in rows(TABLE_GRANTS, [["r", "p", "v", "m", "f"]], using=using):
        found[table, role].add(privilege)
    return found


def protected_tables(using: str = "default") -> set[str]:
    return {name for name, _, _, enabled, forced, _, _ in rows(RELATIONS, using=using) if enabled and forced}


def partitions(using: str = "default") -> set[str]:
    return {name for name, kind, partition, *_ in rows(RELATIONS, using=using) if kind == "r" and partition}


def definer_functions(using: str = "default") -> dict[str, tuple[str, str, set[str]]]:
    """By signature: the owner, the settings, the callers."""
    return {
        signature: (owner, settings, set(callers))
        for signature, owner, settings, callers in rows(DEFINER_FUNCTIONS, using=using)
    }
