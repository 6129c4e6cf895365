"""What the database's catalogue is compared with. A change here is a change of who may see what: review it as such.

A new tenant table needs a line in TENANT_TABLES; everything else about it follows from that line.
"""

from __future__ import annotations

from tenancy import roles

READ_WRITE = frozenset({"SELECT", "INSERT", "UPDATE"})
APPEND = frozenset({"SELECT", "INSERT"})
EVERYTHING = READ_WRITE | {"DELETE"}
READ = frozenset({"SELECT"})

# Table: the column that names the patient, or None where rows belong to no patient; what the app role may do.
TENANT_TABLES: dict[str, tuple[str | None, frozenset[str]]] = {
    "accounts_membership": ("patient_id", READ_WRITE),
    "devices_assignment": ("patient_id", READ_WRITE),
    "devices_device": (None, READ_WRITE),
    "devices_devicekey": (None, READ_WRITE),
    "patients_patient": ("id", READ_WRITE),
    "readings_glucosereading": ("patient_id", APPEND),
    "readings_patientstate": ("patient_id", READ_WRITE),
}

# Tables without an organization: what the app role may do, and why that shows nobody another clinic's rows.
GLOBAL_TABLES: dict[str, tuple[frozenset[str], str]] = {
    "tenancy_organization": (READ_WRITE, "a policy on its own id"),
    "accounts_user": (READ | {"UPDATE"}, "a policy on app.user_id; made and looked up by definer functions"),
    "accounts_refreshfamily": (EVERYTHING, "a person's sign-ins, found by the id inside a signed token; no names"),
    "django_session": (EVERYTHING, "found by a random key; the data are signed"),
    "django_content_type": (READ, "names of models"),
    "django_migrations": (READ, "readiness compares them with the code"),
    "auth_group": (frozenset(), "comes with Django, not used: the app role may not touch it"),
    "auth_group_permissions": (frozenset(), "comes with Django, not used"),
    "auth_permission": (frozenset(), "comes with Django, not used"),
    "django_admin_log": (frozenset(), "would show names between clinics: not used"),
}

_ORGANIZATION = "({column} = (current_setting('app.organization_id'::text))::bigint)"
_PATIENT = (
    "CASE current_setting('app.patient_id'::text) WHEN '*'::text THEN true "
    "ELSE ({column} = (current_setting('app.patient_id'::text))::bigint) END"
)
_USER = "(id = (current_setting('app.user_id'::text))::bigint)"


def _policy(name: str, command: str, kind: str, role: str, using: str, check: str | None) -> str:
    return "|".join((name, command, kind, role, using, check or "-"))


def tenant_policies(patient_column: str | None, organization_column: str = "organization_id") -> set[str]:
    line = _ORGANIZATION.format(column=organization_column)
    policies = {
        _policy("organization", "ALL", "PERMISSIVE", roles.APP, line, line),
        _policy("support_reads", "SELECT", "PERMISSIVE", roles.SUPPORT, "true", None),
    }
    if patient_column:
        line = _PATIENT.format(column=patient_column)
        policies.add(_policy("own_patient", "ALL", "RESTRICTIVE", roles.APP, line, line))
    return policies


POLICIES: dict[str, set[str]] = {
    **{table: tenant_policies(patient_column) for table, (patient_column, _) in TENANT_TABLES.items()},
    "tenancy_organization": tenant_policies(None, organization_column="id"),
    "accounts_user": {_policy("own_account", "ALL", "PERMISSIVE", roles.APP, _USER, _USER)},
}

# What roles other than the app may do with whole tables.
OTHER_GRANTS: dict[tuple[str, str], frozenset[str]] = {
    **{(table, roles.SUPPORT): READ for table in (*TENANT_TABLES, "tenancy_organization")},
    ("accounts_user", roles.LOOKUP): APPEND,
    ("accounts_membership", roles.LOOKUP): READ,
    ("devices_devicekey", roles.LOOKUP): READ,
}


def table_grants() -> dict[tuple[str, str], frozenset[str]]:
    app = {(table, roles.APP): grants for table, (_, grants) in TENANT_TABLES.items()}
    app |= {(table, roles.APP): grants for table, (grants, _) in GLOBAL_TABLES.items() if grants}
    return app | OTHER_GRANTS


COLUMN_GRANTS = {
    ("tenancy_organization", column, roles.LOOKUP, "SELECT") for column in ("id", "code", "name", "status")
}
SEQUENCE_GRANTS = {
    ("tenancy_organization_id_seq", roles.APP, "USAGE"),
    ("tenancy_organization_id_seq", roles.APP, "SELECT"),
}

# SECURITY DEFINER functions: owner, settings, callers. Each answers identities or credentials, never clinical data.
_FIXED_PATH = "search_path=public, pg_temp"
DEFINER_FUNCTIONS = {
    "tenancy_organizations()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_user_by_email(text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_user_by_id(bigint)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_person(text,text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_principals(uuid)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_live_key(bytea)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "readings_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
}

# Global tables that the app role writes and that have a unique rule: why it tells nobody what others have.
GLOBAL_UNIQUE = {
    "accounts_refreshfamily": "random ids",
    "accounts_user": "one account for each address; sign-in and registration answer alike for taken and free ones",
    "tenancy_organization": "codes of clinics are public, ids are not shown",
    "django_session": "random keys",
}

# Attributes: may log in, superuser, bypasses RLS, creates roles, creates databases, inherits, replicates.
ROLE_ATTRIBUTES = {
    roles.APP: (True, False, False, False, False, False, False),
    roles.EDGE: (True, False, False, False, False, False, False),
    roles.SUPPORT: (True, False, False, False, False, False, False),
    roles.LOOKUP: (False, False, True, False, False, False, False),
    roles.OWNER: (True, False, True, False, True, True, False),
}
MEMBERSHIPS = {(roles.LOOKUP, roles.OWNER)}
