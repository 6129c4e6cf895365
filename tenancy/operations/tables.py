from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations.state import ProjectState

from tenancy import roles
from tenancy.fields import TenantForeignKey
from tenancy.operations.base import DatabaseOperation

ORGANIZATION_LINE = "organization_id = current_setting('app.organization_id')::bigint"
# Forms of app.patient_id: tenancy.scope.Scope.patient_line. ",0" makes an empty setting, which means no scope, an error
# of the cast; no patient has the id 0.
PATIENT_LINE = (
    "CASE current_setting('app.patient_id') WHEN '*' THEN true ELSE {column} = "
    "ANY (string_to_array(ltrim(current_setting('app.patient_id'), '*') || ',0', ',')::bigint[]) END"
)
# Rows that all staff see, also those who are limited to their patients, and a patient's login only where it is named.
LOGIN_LINE = (
    "CASE left(current_setting('app.patient_id'), 1) WHEN '*' THEN true "
    "ELSE {column} = current_setting('app.patient_id')::bigint END"
)
STAFF_LINE = "left(current_setting('app.patient_id'), 1) = '*'"


def patient_policy(table: str, *, patient_column: str | None, all_staff: bool) -> tuple[str, str] | None:
    """Name and expression of the second, restrictive policy; None where every login of the clinic sees all rows."""
    if patient_column is None:
        return ("staff_only", STAFF_LINE) if all_staff else None
    return "own_patient", (LOGIN_LINE if all_staff else PATIENT_LINE).format(column=patient_column)


def policy_statements(table: str, *, patient_column: str | None, all_staff: bool = False) -> list[str]:
    """The policies of a tenant table: its organization's rows only; on patients' rows a patient's login sees its own.

    ``current_setting`` without ``missing_ok``: no scope is an error, never an empty list. No sub-select: a distributed
    engine refuses policies that have one.
    """
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY organization ON {table} AS PERMISSIVE FOR ALL TO {roles.APP} "
        f"USING ({ORGANIZATION_LINE}) WITH CHECK ({ORGANIZATION_LINE})",
        f"CREATE POLICY support_reads ON {table} AS PERMISSIVE FOR SELECT TO {roles.SUPPORT} USING (true)",
        f"GRANT SELECT ON {table} TO {roles.SUPPORT}",
    ]
    if second := patient_policy(table, patient_column=patient_column, all_staff=all_staff):
        name, line = second
        statements.append(
            f"CREATE POLICY {name} ON {table} AS RESTRICTIVE FOR ALL TO {roles.APP} USING ({line}) WITH CHECK ({line})"
        )
    return statements


class ProtectTenantTable(DatabaseOperation):
    """Give a tenant model's table its composite keys, row-level security, policies and grants.

    ``patient_column``: the column that names the patient ("id" on the patient table itself); None where rows belong
    to no patient. ``all_staff``: also staff who are limited to their patients see every row; without a patient column,
    patients' logins see none. ``grants``: what the app role may do. Foreign keys are read from the model's
    TenantForeignKey fields.
    """

    def __init__(
        self,
        model_name: str,
        *,
        patient_column: str | None,
        all_staff: bool = False,
        grants: str = "SELECT, INSERT, UPDATE, DELETE",
        replace_primary_key: bool = True,
    ) -> None:
        self.model_name = model_name
        self.patient_column = patient_column
        self.all_staff = all_staff
        self.grants = grants
        self.replace_primary_key = replace_primary_key

    def describe(self) -> str:
        return f"Isolate {self.model_name} by organization"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        model = state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        return [
            *(self._composite_primary_key(table) if self.replace_primary_key else []),
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_fk FOREIGN KEY (organization_id) "
            f"REFERENCES tenancy_organization (id)",
            *self._composite_foreign_keys(model),
            *policy_statements(table, patient_column=self.patient_column, all_staff=self.all_staff),
            f"GRANT {self.grants} ON {table} TO {roles.APP}",
        ]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        """The table itself is dropped by the operation before this one in the file; only its keys stand in the way."""
        model = state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        names = [f"{table}_{field.column}_fk" for field in tenant_keys(model)]
        return [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in names]

    def _composite_primary_key(self, table: str) -> list[str]:
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, "
            f"ADD CONSTRAINT {table}_pkey PRIMARY KEY (organization_id, id)"
        ]

    def _composite_foreign_keys(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        for field in tenant_keys(model):
            target = field.remote_field.model._meta.db_table
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{field.column}_fk "
                f"FOREIGN KEY (organization_id, {field.column}) REFERENCES {target} (organization_id, id)"
            )


def tenant_keys(model: Any) -> list[TenantForeignKey]:
    return [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]


class RenewPatientLine(DatabaseOperation):
    """Give tables that were protected earlier the patient line as it reads now."""

    def __init__(self, table: str, *, patient_column: str, all_staff: bool = False) -> None:
        self.table = table
        self.patient_column = patient_column
        self.all_staff = all_staff

    def describe(self) -> str:
        return f"Renew the patient line of {self.table}"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        line = (LOGIN_LINE if self.all_staff else PATIENT_LINE).format(column=self.patient_column)
        return [f"ALTER POLICY own_patient ON {self.table} USING ({line}) WITH CHECK ({line})"]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return []
