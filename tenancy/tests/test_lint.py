"""Each violation is planted, as the owner, in a transaction that is rolled back, and must be found."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from tenancy.lint import RULES, violations

pytestmark = [pytest.mark.django_db(databases=["owner"]), pytest.mark.database_portability]

SOUND = """
    CREATE TABLE planted (organization_id bigint NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, other_id bigint,
                          period tstzrange, PRIMARY KEY (organization_id, id));
    ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY line ON planted USING (organization_id = current_setting('app.organization_id')::bigint);
"""
PARTITIONED = """
    CREATE TABLE parts (organization_id bigint NOT NULL, at date, PRIMARY KEY (organization_id, at))
        PARTITION BY RANGE (at);
    ALTER TABLE parts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
TRIGGER = """
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER planted_trigger BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION nothing();
"""

PLANTED = [
    ("organization_id may be null", "CREATE TABLE bad (organization_id bigint)", "bad"),
    (
        "organization_id is not bigint",
        "CREATE TABLE bad (organization_id integer NOT NULL, id bigint, PRIMARY KEY (organization_id, id))",
        "bad",
    ),
    ("no primary key", "CREATE TABLE bad (organization_id bigint NOT NULL)", "bad"),
    ("a unique index lacks organization_id", "CREATE UNIQUE INDEX ON planted (other_id)", "planted"),
    (
        "a unique index lacks organization_id",
        "CREATE UNIQUE INDEX ON planted (other_id) INCLUDE (organization_id)",
        "planted",
    ),
    (
        "a unique index lacks organization_id",
        "CREATE UNIQUE INDEX ON planted (lower(other_id::text)) WHERE other_id > 0",
        "planted",
    ),
    (
        "an exclusion constraint lacks organization_id WITH =",
        "ALTER TABLE planted ADD EXCLUDE USING gist (period WITH &&)",
        "planted",
    ),
    (
        "a foreign key to a tenant table does not pair organization_id",
        """ALTER TABLE planted ADD CONSTRAINT crossed
           FOREIGN KEY (other_id, organization_id) REFERENCES patients_patient (organization_id, id)""",
        "planted",
    ),
    (
        "a foreign key would set organization_id to null or its default",
        """ALTER TABLE planted ADD FOREIGN KEY (organization_id, other_id)
           REFERENCES patients_patient (organization_id, id) ON DELETE SET NULL""",
        "planted",
    ),
    (
        "a foreign key would set organization_id to null or its default",
        """ALTER TABLE planted ADD FOREIGN KEY (organization_id, other_id)
           REFERENCES patients_patient (organization_id, id) ON UPDATE SET DEFAULT""",
        "planted",
    ),
    (
        "a foreign key would set organization_id to null or its default",
        """ALTER TABLE planted ADD FOREIGN KEY (organization_id, other_id)
           REFERENCES patients_patient (organization_id, id) ON DELETE SET NULL (other_id)""",
        "planted",
    ),
    (
        "a table without organization_id refers to a tenant table",
        """CREATE TABLE outside (clinic bigint, patient bigint,
               FOREIGN KEY (clinic, patient) REFERENCES patients_patient (organization_id, id))""",
        "outside",
    ),
    ("a trigger", TRIGGER.format(table="planted"), "planted"),
    ("a trigger", TRIGGER.format(table="tenancy_organization"), "tenancy_organization"),
    (
        "a trigger",
        TRIGGER.format(table="readings_glucosereading_history"),
        "readings_glucosereading_history",
    ),
    (
        "a policy with a sub-query",
        "CREATE POLICY slow ON planted USING (organization_id IN (SELECT id FROM tenancy_organization))",
        "planted",
    ),
    (
        "a policy with a sub-query",
        """CREATE POLICY slow ON planted FOR INSERT
           WITH CHECK (organization_id = (SELECT current_setting('app.organization_id')::bigint))""",
        "planted",
    ),
    (
        "row-level security is not enabled and forced",
        "ALTER TABLE planted NO FORCE ROW LEVEL SECURITY",
        "planted",
    ),
    (
        "row-level security is not enabled and forced",
        "ALTER TABLE patients_patient DISABLE ROW LEVEL SECURITY",
        "patients_patient",
    ),
    (
        "a sequence is narrower than bigint",
        "ALTER TABLE planted ADD COLUMN small integer GENERATED ALWAYS AS IDENTITY",
        "planted",
    ),
    ("a sequence is narrower than bigint", "ALTER TABLE planted ADD COLUMN small serial", "planted"),
    ("inheritance other than partitioning", "CREATE TABLE heir () INHERITS (planted)", "heir"),
    (
        "partitions of partitions",
        f"""{PARTITIONED}
        CREATE TABLE year PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')
            PARTITION BY RANGE (at)""",
        "year",
    ),
]


@pytest.fixture
def cursor() -> Any:
    with connections["owner"].cursor() as cursor:
        yield cursor


def test_the_schema_has_no_violation(cursor: Any) -> None:
    assert [str(violation) for violation in violations(cursor)] == []


def test_sound_tables_are_no_violation(cursor: Any) -> None:
    cursor.execute(SOUND)
    cursor.execute(PARTITIONED)
    cursor.execute("CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')")
    cursor.execute(
        """CREATE UNIQUE INDEX ON planted (other_id, organization_id) WHERE other_id > 0;
           ALTER TABLE planted ADD EXCLUDE USING btree (organization_id WITH =, other_id WITH =);
           ALTER TABLE planted ADD FOREIGN KEY (organization_id, other_id)
               REFERENCES patients_patient (organization_id, id) ON DELETE CASCADE"""
    )

    assert [str(violation) for violation in violations(cursor)] == []


@pytest.mark.parametrize(("rule", "statements", "table"), PLANTED)
def test_a_planted_violation_is_found(cursor: Any, rule: str, statements: str, table: str) -> None:
    cursor.execute(SOUND)
    cursor.execute(statements)

    assert (rule, table) in {(violation.rule, violation.table) for violation in violations(cursor)}


def test_every_rule_is_planted() -> None:
    assert {rule for rule, *_ in PLANTED} == set(RULES)
