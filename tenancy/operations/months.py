from __future__ import annotations

from django.db.migrations.state import ProjectState

from tenancy import roles
from tenancy.operations.base import DatabaseOperation
from tenancy.operations.functions import LookupFunction

# Row-level security without a policy on each partition: reached by its own name it answers nothing.
# LIKE and ATTACH instead of PARTITION OF: the table that is being written to is not locked exclusively.
_ENSURE = """
DECLARE
    next_month date;
    last_month date := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => least(p_ahead, 12));
    partition text;
    made integer := 0;
BEGIN
    SELECT COALESCE(max(to_date(right(relname, 7), 'YYYY"m"MM')) + interval '1 month',
                    date_trunc('month', now() AT TIME ZONE 'UTC') - interval '{behind} months')
      INTO next_month
      FROM pg_class WHERE relname ~ '^{table}_y[0-9]{{4}}m[0-9]{{2}}$' AND relkind = 'r';
    WHILE next_month <= last_month LOOP
        partition := '{table}_y' || to_char(next_month, 'YYYY"m"MM');
        EXECUTE format('CREATE TABLE %I (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('ALTER TABLE {table} ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, next_month::text || ' 00:00:00+00',
                       (next_month + interval '1 month')::date::text || ' 00:00:00+00');
        next_month := next_month + interval '1 month';
        made := made + 1;
    END LOOP;
    RETURN made;
END
"""
# No default partition: one that is filled would keep new months from being added.
_HISTORY = """
DO $do$
DECLARE first_month date := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '{behind} months';
BEGIN
    EXECUTE format('CREATE TABLE {table}_history PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO (%L)',
                   first_month::text || ' 00:00:00+00');
    ALTER TABLE {table}_history ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table}_history FORCE ROW LEVEL SECURITY;
END
$do$
"""


class MonthsOf(DatabaseOperation):
    """Begin the months of a table that is partitioned by range of time, after ``ProtectTenantTable``.

    One partition holds what is older than ``behind`` months before now; from there on there is one a month. The definer
    function ``<table>_ensure_months(p_ahead)``, which stands in the catalogue test's reviewed list, makes more.
    """

    def __init__(self, table: str, *, behind: int, ahead: int = 3) -> None:
        self.table = table
        self.behind = behind
        self.ahead = ahead
        self._maker = LookupFunction(
            f"{table}_ensure_months(p_ahead integer)",
            returns="integer",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=_ENSURE.format(table=table, behind=behind),
        )

    def describe(self) -> str:
        return f"Make the months of {self.table}"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [
            _HISTORY.format(table=self.table, behind=self.behind),
            *self._maker.forward_sql(state, app_label),
            f"SELECT {self.table}_ensure_months({self.ahead})",
        ]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return self._maker.backward_sql(state, app_label)
