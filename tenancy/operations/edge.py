from __future__ import annotations

from collections.abc import Sequence

from django.db.migrations.state import ProjectState

from tenancy import roles
from tenancy.operations.base import DatabaseOperation

# The data plane serves callers of several organizations in one transaction, which names them all.
EDGE_LINE = "organization_id = ANY (current_setting('app.organization_ids')::bigint[])"


class EdgeAccess(DatabaseOperation):
    """Let the data plane's role reach a tenant table: rows of the organizations that its transaction names.

    ``grants``: by column, as ``"SELECT (id, code)"``, so that it reads and writes no more than it serves.
    """

    def __init__(self, table: str, *, grants: Sequence[str]) -> None:
        self.table = table
        self.grants = grants

    def describe(self) -> str:
        return f"Let the data plane reach {self.table}"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [
            f"CREATE POLICY data_plane ON {self.table} AS PERMISSIVE FOR ALL TO {roles.EDGE} "
            f"USING ({EDGE_LINE}) WITH CHECK ({EDGE_LINE})",
            *[f"GRANT {grant} ON {self.table} TO {roles.EDGE}" for grant in self.grants],
        ]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [
            f"DROP POLICY data_plane ON {self.table}",
            *[f"REVOKE {grant} ON {self.table} FROM {roles.EDGE}" for grant in self.grants],
        ]
