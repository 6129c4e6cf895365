"""The database's own catalogue, not the models: what is really enabled, granted and enforced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import connection, connections

from tenancy import roles
from tenancy.checks import GLOBAL_MODELS
from tenancy.lint import violations
from tenancy.models import TenantModel
from tests.isolation import catalogue, reviewed
from tests.isolation.catalogue import rows

pytestmark = [pytest.mark.django_db, pytest.mark.database_portability, pytest.mark.promise(3)]


def test_every_table_is_a_tenant_table_or_reviewed() -> None:
    tables = {name for name, kind, partition, *_ in rows(catalogue.RELATIONS) if kind in "rp" and not partition}
    with_organization = {
        name for (name,) in rows("SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'organization_id'")
    }

    assert tables & with_organization == set(reviewed.TENANT_TABLES)
    assert tables - with_organization == set(reviewed.GLOBAL_TABLES)


def test_every_relation_is_of_a_known_kind() -> None:
    """No materialized view (it shows what its owner saw), no foreign table; views run as their caller."""
    kinds = {name: (kind, options) for name, kind, _, _, _, options, _ in rows(catalogue.RELATIONS)}

    assert {kind for kind, _ in kinds.values()} <= set("rpiISvtc")
    views = {name: options for name, (kind, options) in kinds.items() if kind == "v"}
    assert [name for name, options in views.items() if "security_invoker=true" not in options] == []


def test_the_models_agree_with_the_reviewed_tables() -> None:
    models = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}

    assert models == set(reviewed.TENANT_TABLES)
    assert {apps.get_model(label)._meta.db_table for label in GLOBAL_MODELS} <= set(reviewed.GLOBAL_TABLES)


def test_row_level_security_is_enabled_and_forced() -> None:
    assert catalogue.protected_tables() == set(reviewed.POLICIES) | catalogue.partitions()
    assert len(catalogue.partitions()) > 12


def test_the_policies_are_exactly_the_reviewed_ones() -> None:
    # No partition among them: without a policy, a partition that is reached by its own name answers nothing.
    assert catalogue.policies() == reviewed.POLICIES


@pytest.mark.promise(4)
def test_grants_on_tables_are_exact() -> None:
    assert catalogue.table_grants() == reviewed.table_grants()


def test_grants_on_columns_and_sequences_are_exact() -> None:
    assert set(rows(catalogue.COLUMN_GRANTS)) == reviewed.COLUMN_GRANTS
    assert set(rows(catalogue.TABLE_GRANTS, [["S"]])) == reviewed.SEQUENCE_GRANTS


def test_nothing_is_granted_by_default_or_to_everybody() -> None:
    assert rows("SELECT defaclobjtype, defaclacl::text FROM pg_default_acl") == []
    everybody = rows(
        """SELECT acl.privilege_type FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) acl
            WHERE n.nspname = 'public' AND acl.grantee = 0"""
    )
    assert everybody == [("USAGE",)]
    creators = rows(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND has_schema_privilege(oid, 'public', 'CREATE')",
        [list(reviewed.ROLE_ATTRIBUTES)],
    )
    assert creators == [(roles.OWNER,)]


def test_definer_functions_are_exactly_the_reviewed_ones() -> None:
    assert catalogue.definer_functions() == reviewed.DEFINER_FUNCTIONS


def test_no_function_of_ours_is_said_to_be_leakproof() -> None:
    """A leakproof function runs before the policy, on rows that the caller may not see."""
    leakproof = rows(
        """SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'public' AND p.proleakproof"""
    )
    assert leakproof == []


def test_there_are_no_triggers_and_no_rules() -> None:
    assert rows("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal") == []
    assert rows("SELECT tablename, rulename FROM pg_rules WHERE schemaname = 'public'") == []


@pytest.mark.promise(4)
def test_roles_have_exact_attributes_and_memberships() -> None:
    names = list(reviewed.ROLE_ATTRIBUTES)
    attributes = rows(
        """SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolreplication
             FROM pg_roles WHERE rolname = ANY (%s)""",
        [names],
    )
    memberships = rows(
        """SELECT role.rolname, member.rolname FROM pg_auth_members m
             JOIN pg_roles role ON role.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
            WHERE member.rolname = ANY (%s)""",
        [names],
    )

    assert {name: tuple(values) for name, *values in attributes} == reviewed.ROLE_ATTRIBUTES
    assert set(memberships) == reviewed.MEMBERSHIPS


@pytest.mark.promise(4)
def test_only_the_owner_owns() -> None:
    assert {owner for *_, owner in rows(catalogue.RELATIONS)} == {roles.OWNER}
    assert rows("SELECT current_user::text") == [(roles.APP,)]


def test_the_schema_can_be_distributed() -> None:
    """Keys that pair the organization, UNIQUE that holds it, wide sequences: see ``tenancy.lint``."""
    with connection.cursor() as cursor:
        assert [str(violation) for violation in violations(cursor)] == []


def test_unique_rules_of_global_tables_are_reviewed() -> None:
    """A unique rule tells whether a value exists. Those of tenant tables hold the organization, by the lint."""
    unique = rows(
        """SELECT DISTINCT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND i.indisunique AND c.relkind = 'r' AND NOT c.relispartition
              AND has_any_column_privilege(c.oid, 'INSERT, UPDATE')
              AND NOT EXISTS (SELECT 1 FROM pg_attribute a
                               WHERE a.attrelid = c.oid AND a.attname = 'organization_id')"""
    )
    assert {table for (table,) in unique} == set(reviewed.GLOBAL_UNIQUE)


CHANGES: list[tuple[str, Callable[[], bool]]] = [
    (
        "CREATE POLICY open ON patients_patient FOR SELECT TO glucose_app USING (true)",
        lambda: catalogue.policies("owner") == reviewed.POLICIES,
    ),
    (
        "ALTER POLICY organization ON devices_device USING (true)",
        lambda: catalogue.policies("owner") == reviewed.POLICIES,
    ),
    (
        "DROP POLICY own_patient ON readings_patientstate",
        lambda: catalogue.policies("owner") == reviewed.POLICIES,
    ),
    (
        "ALTER TABLE devices_devicekey NO FORCE ROW LEVEL SECURITY",
        lambda: catalogue.protected_tables("owner") == set(reviewed.POLICIES) | catalogue.partitions("owner"),
    ),
    (
        "ALTER TABLE readings_glucosereading_history DISABLE ROW LEVEL SECURITY",
        lambda: catalogue.protected_tables("owner") == set(reviewed.POLICIES) | catalogue.partitions("owner"),
    ),
    (
        "GRANT TRUNCATE ON patients_patient TO glucose_app",
        lambda: catalogue.table_grants("owner") == reviewed.table_grants(),
    ),
    (
        "GRANT SELECT ON readings_glucosereading_history TO PUBLIC",
        lambda: catalogue.table_grants("owner") == reviewed.table_grants(),
    ),
    (
        "CREATE VIEW everybody AS SELECT * FROM patients_patient; GRANT SELECT ON everybody TO glucose_app",
        lambda: catalogue.table_grants("owner") == reviewed.table_grants(),
    ),
    (
        "ALTER FUNCTION accounts_user_by_id(bigint) SET search_path = pg_temp, public",
        lambda: catalogue.definer_functions("owner") == reviewed.DEFINER_FUNCTIONS,
    ),
    (
        "GRANT EXECUTE ON FUNCTION devices_live_key(bytea) TO PUBLIC",
        lambda: catalogue.definer_functions("owner") == reviewed.DEFINER_FUNCTIONS,
    ),
    (
        "CREATE FUNCTION all_patients() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
        "AS 'SELECT count(*) FROM patients_patient'",
        lambda: catalogue.definer_functions("owner") == reviewed.DEFINER_FUNCTIONS,
    ),
]


@pytest.mark.django_db(databases=["owner"])
@pytest.mark.parametrize(("change", "unchanged"), CHANGES, ids=[change for change, _ in CHANGES])
def test_a_change_is_seen(change: str, unchanged: Callable[[], bool]) -> None:
    assert unchanged()
    with connections["owner"].cursor() as cursor:
        cursor.execute(change)

    assert not unchanged()
