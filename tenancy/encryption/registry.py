"""Every sealed field there is: rotation, shredding and the canary test walk it, so a new field needs no word here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from tenancy.encryption.fields import SealedTextField, blind_index_fields


@dataclass(frozen=True, slots=True)
class SealedColumn:
    model: type[models.Model]
    field: SealedTextField

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def column(self) -> str:
        return self.field.column or ""

    @property
    def patient_column(self) -> str | None:
        name = self.field.patient
        return None if name is None else self.model._meta.get_field(name.removesuffix("_id")).column  # type: ignore[union-attr]

    @property
    def index_columns(self) -> list[str]:
        return [index.column or "" for index in blind_index_fields(self.model) if index.source == self.field.name]


def sealed_columns() -> Iterator[SealedColumn]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedTextField):
                yield SealedColumn(model, field)


def clinics_columns() -> list[SealedColumn]:
    return [column for column in sealed_columns() if not column.field.platform]


def persons_columns() -> list[SealedColumn]:
    return [column for column in sealed_columns() if column.field.platform]
