"""What would keep the schema from being divided by organization over several machines, found in PostgreSQL's catalogue.

A tenant table is one that has an ``organization_id``. Every row that a rule finds is a violation. The rules come from
what a distributed engine (Citus) refuses, or accepts and then answers wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TENANT = """
WITH tenant AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relrowsecurity, c.relforcerowsecurity,
           a.attnum, a.attnotnull, a.atttypid
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^(pg_|information_schema)'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
)
"""

RULES = {
    "organization_id may be null": "SELECT name, 'organization_id' FROM tenant WHERE NOT attnotnull",
    "organization_id is not bigint": """
        SELECT name, format_type(atttypid, NULL) FROM tenant WHERE atttypid <> 'bigint'::regtype""",
    "no primary key": """
        SELECT name, '' FROM tenant
         WHERE NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = tenant.oid AND i.indisprimary)""",
    "a unique index lacks organization_id": """
        SELECT name, i.indexrelid::regclass::text
          FROM tenant JOIN pg_index i ON i.indrelid = tenant.oid AND i.indisunique
         WHERE tenant.attnum <> ALL ((i.indkey::int2[])[0:i.indnkeyatts - 1])""",
    "an exclusion constraint lacks organization_id WITH =": """
        SELECT name, x.conname
          FROM tenant JOIN pg_constraint x ON x.conrelid = tenant.oid AND x.contype = 'x'
         WHERE NOT EXISTS (
               SELECT 1 FROM unnest(x.conkey, x.conexclop) AS part (attnum, operator)
                 JOIN pg_operator o ON o.oid = part.operator
                WHERE part.attnum = tenant.attnum AND o.oprname = '=')""",
    "a foreign key to a tenant table does not pair organization_id": """
        SELECT tenant.name, f.conname
          FROM tenant
          JOIN pg_constraint f ON f.conrelid = tenant.oid AND f.contype = 'f'
          JOIN tenant target ON target.oid = f.confrelid
         WHERE NOT EXISTS (
               SELECT 1 FROM unnest(f.conkey, f.confkey) AS pair (here, there)
                WHERE pair.here = tenant.attnum AND pair.there = target.attnum)""",
    "a foreign key would set organization_id to null or its default": """
        SELECT name, f.conname
          FROM tenant JOIN pg_constraint f ON f.conrelid = tenant.oid AND f.contype = 'f'
         WHERE tenant.attnum = ANY (f.conkey) AND (f.confdeltype IN ('n', 'd') OR f.confupdtype IN ('n', 'd'))""",
    "a table without organization_id refers to a tenant table": """
        SELECT f.conrelid::regclass::text, f.conname
          FROM tenant target
          JOIN pg_constraint f ON f.confrelid = target.oid AND f.contype = 'f'
          JOIN pg_class c ON c.oid = f.conrelid AND NOT c.relispartition
         WHERE f.conrelid NOT IN (SELECT oid FROM tenant)""",
    "a trigger": """
        SELECT DISTINCT t.tgrelid::regclass::text, t.tgname
          FROM pg_trigger t
         WHERE NOT t.tgisinternal
           AND (t.tgrelid IN (SELECT oid FROM tenant)
                OR t.tgrelid IN (SELECT i.inhrelid FROM pg_inherits i JOIN tenant ON tenant.oid = i.inhparent)
                OR t.tgrelid IN (SELECT f.confrelid FROM pg_constraint f JOIN tenant ON tenant.oid = f.conrelid
                                  WHERE f.contype = 'f'))""",
    "a policy with a sub-query": """
        SELECT name, p.polname FROM tenant JOIN pg_policy p ON p.polrelid = tenant.oid
         WHERE p.polqual::text LIKE '%%{SUBLINK%%' OR p.polwithcheck::text LIKE '%%{SUBLINK%%'""",
    "row-level security is not enabled and forced": """
        SELECT name, '' FROM tenant WHERE NOT (relrowsecurity AND relforcerowsecurity)""",
    "a sequence is narrower than bigint": """
        SELECT DISTINCT name, s.seqrelid::regclass::text
          FROM tenant
          JOIN pg_depend d ON d.refobjid = tenant.oid AND d.refclassid = 'pg_class'::regclass
                          AND d.classid = 'pg_class'::regclass
          JOIN pg_sequence s ON s.seqrelid = d.objid
         WHERE s.seqtypid <> 'bigint'::regtype""",
    "inheritance other than partitioning": """
        SELECT i.inhrelid::regclass::text, i.inhparent::regclass::text
          FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
         WHERE child.relkind IN ('r', 'p') AND NOT child.relispartition
           AND (i.inhrelid IN (SELECT oid FROM tenant) OR i.inhparent IN (SELECT oid FROM tenant))""",
    "partitions of partitions": """
        SELECT c.oid::regclass::text, i.inhparent::regclass::text
          FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN tenant ON tenant.oid = i.inhparent
         WHERE c.relkind = 'p' AND c.relispartition""",
}


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    table: str
    detail: str

    def __str__(self) -> str:
        return f"{self.table}: {self.rule}" + (f" ({self.detail})" if self.detail else "")


def violations(cursor: Any) -> list[Violation]:
    """All violations in the database of ``cursor``; the catalogue is open to every role."""
    found = []
    for rule, query in RULES.items():
        # Empty parameters rather than none: both kinds of cursor then read %% as one percent sign.
        cursor.execute(_TENANT + query, [])
        found += [Violation(rule, table, detail) for table, detail in cursor.fetchall()]
    return found
