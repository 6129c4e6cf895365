"""Whose data the current piece of work may see. The database reads it from the transaction, never from the caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection

STAFF = "*"


class ScopeError(RuntimeError):
    """A scope is missing, or a second one was entered while another is active."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``organization_id`` None: a signed-in person before an organization is chosen; tenant tables stay shut.

    ``patient_id``: a patient's own login; None: staff. ``assigned_patients``: the only patients whose rows this member
    of the staff may see, where the clinic has set so; None: all.
    """

    organization_id: int | None
    user_id: int | None = None
    patient_id: int | None = None
    assigned_patients: tuple[int, ...] | None = None

    def patient_line(self) -> str:
        """``*``: all patients; ``*3,7``: staff with these patients; ``3``: the login of patient 3."""
        if self.patient_id is not None:
            return str(int(self.patient_id))
        if self.assigned_patients is None:
            return STAFF
        # 0 is nobody's id: an empty list would read as staff with all patients.
        return STAFF + (",".join(str(int(number)) for number in self.assigned_patients) or "0")

    def statements(self) -> list[str]:
        """One literal SET LOCAL each: a distributed engine passes on neither parameters nor set_config()."""
        values = [("app.user_id", self.user_id), ("app.organization_id", self.organization_id)]
        statements = [f"SET LOCAL {name} = '{int(value)}'" for name, value in values if value is not None]
        if self.organization_id is not None:
            statements.append(f"SET LOCAL app.patient_id = '{self.patient_line()}'")
        return statements

    def closing_statements(self) -> list[str]:
        """Empty values: the policies' casts fail on them, so nothing is visible afterwards."""
        return [statement.split(" = ")[0] + " = ''" for statement in self.statements()]


_current: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)


def current_scope() -> Scope | None:
    return _current.get()


def current_organization_id() -> int | None:
    scope = _current.get()
    return scope.organization_id if scope else None


def required_organization_id() -> int:
    organization_id = current_organization_id()
    if organization_id is None:
        raise ScopeError("This needs an organization: run it inside organization_scope(...).")
    return organization_id


@contextmanager
def scoped(scope: Scope) -> Iterator[Scope]:
    """Enter a scope for everything inside, in this transaction and in those that begin later.

    Raises ScopeError where another scope is active: work for two organizations is two pieces of work.
    """
    active = _current.get()
    if active is not None:
        if active != scope:
            raise ScopeError("Another organization's scope is active; leave it before entering this one.")
        yield scope
        return
    token = _current.set(scope)
    try:
        if connection.in_atomic_block:
            connection.run_scope_statements(scope.statements())  # type: ignore[attr-defined]
        yield scope
    finally:
        _current.reset(token)
        if connection.in_atomic_block:
            connection.close_scope(scope)  # type: ignore[attr-defined]


def organization_scope(
    organization_id: int, *, user_id: int | None = None, patient_id: int | None = None
) -> AbstractContextManager[Scope]:
    return scoped(Scope(organization_id, user_id, patient_id))


def person_scope(user_id: int) -> AbstractContextManager[Scope]:
    """Only the person's own account row, for sign-in and password changes."""
    return scoped(Scope(None, user_id))


def include_patient(patient_id: int) -> None:
    """Let staff who are limited to their patients see one more: the one that they are just adding."""
    scope = _current.get()
    if scope is None or scope.assigned_patients is None:
        return
    wider = replace(scope, assigned_patients=(*scope.assigned_patients, patient_id))
    _current.set(wider)
    connection.run_scope_statements(wider.statements())  # type: ignore[attr-defined]
