"""Questions about organizations that are asked before a scope exists. They return identities, never clinical data."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from psycopg import sql


@dataclass(frozen=True, slots=True)
class OrganizationIdentity:
    id: int
    code: str
    name: str
    status: str


def organization_by_code(code: str) -> OrganizationIdentity | None:
    rows = _identities("SELECT id, code, name, status FROM tenancy_organizations() WHERE code = %s", [code])
    return rows[0] if rows else None


def all_organizations() -> list[OrganizationIdentity]:
    return _identities("SELECT id, code, name, status FROM tenancy_organizations() ORDER BY id", [])


def organizations_named_by(function: str) -> list[int]:
    """Their ids, of all clinics, in order: from a definer function of this name that tells nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT organization_id FROM {}() ORDER BY 1").format(sql.Identifier(function)))
        return [int(row[0]) for row in cursor.fetchall()]


def _identities(statement: str, parameters: list[str]) -> list[OrganizationIdentity]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [OrganizationIdentity(*row) for row in cursor.fetchall()]
