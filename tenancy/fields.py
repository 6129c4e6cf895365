"""Foreign keys between tables of one organization."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND, WhereNode


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A key whose joins also pair the organization, and whose constraint in the database is the composite one.

    The constraint ``(organization_id, x_id) -> (organization_id, id)`` is made by ``ProtectTenantTable``: a plain
    foreign key is checked without row-level security and would accept, and reveal, another organization's row.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)

    def get_extra_restriction(self, alias: str | None, related_alias: str | None) -> WhereNode | None:
        if alias is None or related_alias is None:
            return None
        remote: Any = self.remote_field.model._meta.get_field("organization")
        local: Any = self.model._meta.get_field("organization")
        pairing: Any = Exact(Col(alias, remote), Col(related_alias, local))
        return WhereNode([pairing], AND)
