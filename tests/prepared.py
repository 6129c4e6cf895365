"""The clinics that nearly every test asks for: made once by each test process, and put back by one statement.

Making one takes hundreds of statements. What they left is kept as rows of one table, in a schema of its own.
"""

from __future__ import annotations

import os
from copy import deepcopy
from graphlib import TopologicalSorter

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.clinics import Clinic, make_clinic
from tests.databases import empty_as_owner
from tests.forgetting import forget_keys, limits_url

CANARIES = {"northside": "CANARY-NORTH", "southside": "CANARY-SOUTH"}
SCHEMA = """
    CREATE SCHEMA prepared;
    CREATE TABLE prepared.kept (clinic text, position integer, name text, rows jsonb);
    CREATE FUNCTION prepared.restore(p_clinic text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $restore$
    DECLARE kept record;
    BEGIN
        FOR kept IN SELECT name, rows FROM prepared.kept WHERE clinic = p_clinic ORDER BY position LOOP
            EXECUTE format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(NULL::%1$I, $1)', kept.name)
              USING kept.rows;
        END LOOP;
    END
    $restore$;
    REVOKE ALL ON FUNCTION prepared.restore(text) FROM PUBLIC;
    GRANT USAGE ON SCHEMA prepared TO glucose_app;
    GRANT EXECUTE ON FUNCTION prepared.restore(text) TO glucose_app;
"""
TABLES = """
    SELECT relname, array(SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
                           WHERE conrelid = c.oid AND contype = 'f' AND confrelid <> c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition
       AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organization_id')
"""
BESIDES = {
    "tenancy_organization": "id = %s",
    "accounts_user": "id IN (SELECT user_id FROM accounts_membership WHERE organization_id = %s)",
}
# Of whom there must be nobody before an operator names somebody.
ACCOUNTS = ("accounts_user", "accounts_membership", "tenancy_organization", "devices_devicekey")
rows_after_migrating: dict[str, int] = {}
_made: dict[str, Clinic] = {}


def prepare_clinics() -> None:
    """Make them, keep their rows, and leave the database as empty as it was."""
    rows_after_migrating.update(_count_rows())
    _made.update({code: make_clinic(code, canary=canary) for code, canary in CANARIES.items()})
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(SCHEMA)
        for code, clinic in _made.items():
            _keep_rows(owner, code, clinic.organization.id)
    empty_as_owner()


def _count_rows() -> dict[str, int]:
    # Before the first test: what is emptied afterwards shows nothing, and accounts of support outlive their tests.
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        counts = {table: owner.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ACCOUNTS}
    return {table: int(found[0]) for table, found in counts.items() if found}


def restored_clinic(code: str) -> Clinic:
    """In the test's transaction, or committed where it has none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prepared.restore(%s)", [code])
    clinic = deepcopy(_made[code])
    _forget_in_valkey(clinic.organization.id)
    return clinic


def _keep_rows(owner: psycopg.Connection, code: str, organization_id: int) -> None:
    # Parents before children.
    needs = {name: set(parents) for name, parents in owner.execute(TABLES).fetchall()}
    for position, table in enumerate(TopologicalSorter(needs).static_order()):
        condition = BESIDES.get(table, "organization_id = %s")
        found = owner.execute(
            sql.SQL("SELECT jsonb_agg(to_jsonb(t)) FROM {} t WHERE {}").format(
                sql.Identifier(table),
                sql.SQL(condition),
            ),
            [organization_id],
        ).fetchone()
        if found and found[0]:
            owner.execute("INSERT INTO prepared.kept VALUES (%s, %s, %s, %s)", [code, position, table, Jsonb(found[0])])


def _forget_in_valkey(organization_id: int) -> None:
    """The clinic has the same id in every test: slots, covered looks and cached answers of the last one are void."""
    for url in (limits_url(), str(settings.CACHES["default"]["LOCATION"])):
        forget_keys(url, f"*{organization_id}*")
