from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class DatabaseOperation(Operation):
    """Changes only the database, by the statements that a subclass names; both directions."""

    reduces_to_sql = True
    reversible = True

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        raise NotImplementedError

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        raise NotImplementedError

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for statement in self.forward_sql(to_state, app_label):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for statement in self.backward_sql(from_state, app_label):
            schema_editor.execute(statement, params=None)
