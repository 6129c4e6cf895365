"""The second line behind row-level security: every statement names its organization.

A distributed engine routes by it, and the planner uses it. Without a scope nothing is added, and the database refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, TypeVar

from django.db import models
from django.db.models.deletion import Collector

from tenancy.encryption.fields import refuse_sealed
from tenancy.scope import current_organization_id

M = TypeVar("M", bound=models.Model, covariant=True)


_written_elsewhere: ContextVar[bool] = ContextVar("audited_elsewhere", default=False)


class UnauditedWrite(RuntimeError):
    """Many rows of an audited model would change without a word in the audit ledger."""


@contextmanager
def audited_elsewhere(why: str) -> Iterator[None]:
    """Let bulk writes of audited models through here; ``why`` says what the ledger gets instead, or why nothing."""
    if not why:
        raise ValueError("Say what the ledger gets instead.")
    token = _written_elsewhere.set(True)
    try:
        yield
    finally:
        _written_elsewhere.reset(token)


class TenantQuerySet(models.QuerySet[M]):
    def update(self, **values: Any) -> int:
        self._refuse_unaudited("update")
        refuse_sealed(self.model, values)
        return super().update(**values)

    def bulk_create(self, *args: Any, **options: Any) -> Any:
        self._refuse_unaudited("bulk_create")
        return super().bulk_create(*args, **options)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        # Django's own calls update() for each piece.
        self._refuse_unaudited("bulk_update")
        return super().bulk_update(*args, **options)

    def _refuse_unaudited(self, method: str) -> None:
        if getattr(self.model, "is_audited", False) and not _written_elsewhere.get():
            _refuse(self.model._meta.label, method)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete in one statement that names the organization.

        Related rows are PROTECT or DO_NOTHING (a system check), so nothing cascades; Django's own collector would
        delete by id alone. Raises ProtectedError where something still refers to a row.
        """
        Collector(using=self.db, origin=self).collect(list(self))
        count = self._raw_delete(self.db)
        return count, {self.model._meta.label: count}


def _refuse(label: str, method: str) -> NoReturn:
    raise UnauditedWrite(
        f"{method}() on {label} would pass the audit ledger by. Save row by row with audit.changes, or write one entry "
        "with audit.services.record and do it inside tenancy.managers.audited_elsewhere(why)."
    )


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        organization_id = current_organization_id()
        return queryset if organization_id is None else queryset.filter(organization_id=organization_id)

    @classmethod
    def of(cls, queryset_class: type[models.QuerySet[Any]]) -> Any:
        """A scoped manager with the questions of ``queryset_class``."""
        return cls.from_queryset(queryset_class)()
