from __future__ import annotations

from collections.abc import Sequence

from django.db.migrations.state import ProjectState

from tenancy import roles
from tenancy.operations.base import DatabaseOperation

PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"


class LookupFunction(DatabaseOperation):
    """A SECURITY DEFINER question that may be asked before the organization is known.

    It is owned by a role that nobody can log in as and that sees only what ``reads`` grants it. Each function that is
    made stands in the catalogue test's reviewed list. ``owner`` is the migrating owner where the body changes tables.
    ``plans_once``: for a connection, instead of at each call; where planning costs more than the look.
    """

    def __init__(
        self,
        signature: str,
        *,
        returns: str,
        body: str,
        reads: Sequence[str] = (),
        callers: Sequence[str] = (roles.APP,),
        owner: str = roles.LOOKUP,
        language: str = "sql",
        volatility: str = "STABLE",
        plans_once: bool = False,
    ) -> None:
        self.signature = signature
        self.returns = returns
        self.body = body
        self.reads = reads
        self.callers = callers
        self.owner = owner
        self.language = language
        self.volatility = volatility
        self.plans_once = plans_once

    def describe(self) -> str:
        return f"Create the look-up {self.signature}"

    def forward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        # Names of arguments are p_...; ALTER and GRANT accept the signature with names.
        owned = [] if self.owner == roles.OWNER else self._hand_over()
        return [
            *[f"GRANT {grant} TO {self.owner}" for grant in self.reads],
            f"CREATE FUNCTION {self.signature} RETURNS {self.returns} LANGUAGE {self.language} {self.volatility} "
            f"SECURITY DEFINER SET search_path = public, pg_temp {PLAN_ONCE if self.plans_once else ''} "
            f"AS $lookup${self.body}$lookup$",
            f"REVOKE ALL ON FUNCTION {self.signature} FROM PUBLIC",
            *[f"GRANT EXECUTE ON FUNCTION {self.signature} TO {caller}" for caller in self.callers],
            *owned,
        ]

    def backward_sql(self, state: ProjectState, app_label: str) -> list[str]:
        return [f"DROP FUNCTION {self.signature}"]

    def _hand_over(self) -> list[str]:
        """A function's new owner needs CREATE on the schema at that moment, and must not keep it."""
        return [
            f"GRANT CREATE ON SCHEMA public TO {self.owner}",
            f"ALTER FUNCTION {self.signature} OWNER TO {self.owner}",
            f"REVOKE CREATE ON SCHEMA public FROM {self.owner}",
        ]
