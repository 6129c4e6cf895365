"""Whether a statement names the organization of each tenant table in it: in WHERE, in ON, or as an INSERT's column.

Row-level security would hold the line without it, but a distributed engine routes by it, and it is the second line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.isolation.reviewed import TENANT_TABLES

_TABLES = "|".join(TENANT_TABLES)
_KEYWORDS = "WHERE|ON|SET|INNER|LEFT|RIGHT|JOIN|CROSS|ORDER|GROUP|LIMIT|USING|FOR|UNION|HAVING|AND|RETURNING|VALUES"
# Not a column behind a comma, as RETURNING lists them.
_REFERENCE = re.compile(
    rf"(?:\bFROM|\bJOIN|\bUPDATE|,)\s+(?:ONLY\s+)?({_TABLES})\b(?!\.)(?:\s+(?:AS\s+)?(?!(?:{_KEYWORDS})\b)(\w+))?", re.I
)
_INSERT = re.compile(rf"\bINSERT\s+INTO\s+({_TABLES})\b(?:\s+AS\s+\w+)?\s*\(([^)]*)\)", re.I)
# Everything else may change rows: also a SELECT, of a function that writes.
_READS = re.compile(
    r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK|SET|SELECT(?!.*\b(?:accounts_person|readings_ensure_months)\b))", re.I | re.S
)
_TRUNCATE = re.compile(rf"\b(?:TRUNCATE|COPY|LOCK)\b.*\b({_TABLES})\b", re.I)


@lru_cache(maxsize=5000)
def unnamed_tables(statement: str) -> tuple[str, ...]:
    """The references to tenant tables, by alias, whose organization the statement does not name."""
    text = statement.replace('"', "")
    inserted = [match[1] for match in _INSERT.finditer(text) if "organization_id" not in re.split(r"\W+", match[2])]
    references = [(match[1], match[2] or match[1]) for match in _REFERENCE.finditer(text)]
    unnamed = [name for _, name in references if not _names_organization(text, name, alone=len(references) == 1)]
    return tuple(inserted + unnamed + _TRUNCATE.findall(text))


def _names_organization(text: str, name: str, *, alone: bool) -> bool:
    """A comparison, not the column in a list of what is selected."""
    column = rf"(?:\b{name}\.|(?<![\w.]))organization_id" if alone else rf"\b{name}\.organization_id"
    compared = rf"{column}\s*\)?\s*(?:=|IN\b|IS\s+NULL)|=\s*\(?\s*{column}\b"
    rows = rf"\(\s*{column}\s*,[^()]*\)\s*(?:=|IN\b)"
    place = text if not text.upper().lstrip().startswith("UPDATE") else text[_start_of_where(text) :]
    return re.search(f"{compared}|{rows}", place, re.I) is not None


def _start_of_where(text: str) -> int:
    """What UPDATE assigns stands before its WHERE and names nothing."""
    where = re.search(r"\bWHERE\b", text, re.I)
    return where.start() if where else len(text)


class StatementWatch:
    """An ``execute_wrapper`` that keeps the statements which do not name the organization, and notes writes."""

    def __init__(self) -> None:
        self.wrote = False
        self.unnamed: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        # An entry of the ledger is written by most requests, and the policy keeps it in the caller's clinic.
        self.wrote = self.wrote or (_READS.match(str(sql)) is None and "INSERT INTO audit_entry" not in str(sql))
        if unnamed_tables(str(sql)):
            self.unnamed.append(str(sql))
        return execute(sql, params, many, context)
