"""The second line behind row-level security: every statement names its organization.

A distributed engine routes by it, and the planner uses it. Without a scope nothing is added, and the database refuses.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models.deletion import Collector

from tenancy.scope import current_organization_id

M = TypeVar("M", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[M]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete in one statement that names the organization.

        Related rows are PROTECT or DO_NOTHING (a system check), so nothing cascades; Django's own collector would
        delete by id alone. Raises ProtectedError where something still refers to a row.
        """
        Collector(using=self.db, origin=self).collect(list(self))
        count = self._raw_delete(self.db)
        return count, {self.model._meta.label: count}


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        organization_id = current_organization_id()
        return queryset if organization_id is None else queryset.filter(organization_id=organization_id)

    @classmethod
    def of(cls, queryset_class: type[models.QuerySet[Any]]) -> Any:
        """A scoped manager with the questions of ``queryset_class``."""
        return cls.from_queryset(queryset_class)()
