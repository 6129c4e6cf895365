from __future__ import annotations

from django.db.migrations.state import ProjectState

from tenancy import roles
from tenancy.operations.base import DatabaseOperation


class Grant(DatabaseOperation):
    """What a role may do with a table that belongs to no organization (sessions, content types, accounts)."""

    def __init__(self, privileges: str, *, on: str, to: str = roles.APP) -> None:
        self.privileges = privileges
        self.on = on
        self.to = to

    def describe(self) -> str:
        return f"Grant {self.privileges} on {self.on} to {self.to}"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [f"GRANT {self.privileges} ON {self.on} TO {self.to}"]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [f"REVOKE {self.privileges} ON {self.on} FROM {self.to}"]
