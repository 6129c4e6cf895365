from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

FORBIDDEN = "extra_forbidden"
NAIVE = "The time has no offset. Write e.g. 2026-03-01T08:00:00Z."
FORBIDDEN_TEXT = "Extra inputs are not permitted"


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class InstantField(serializers.DateTimeField):
    """A point in time. What comes in names its offset: a naive time would be read in a zone that nobody stated."""

    default_error_messages = {"naive": NAIVE}

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


class CamelCaseMixin:
    """Fields are declared in Python's names and speak camelCase, in the answer, in errors and in the schema.

    A body may hold only fields that can be written: what would be ignored is refused, an id or a misspelt name alike.
    ``refused`` gives names that deserve a sentence of their own.
    """

    refused: ClassVar[Mapping[str, str]] = {}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = {}
        for name, field in super().get_fields().items():  # type: ignore[misc]
            spoken = camel_case(name)
            if spoken != name:
                field.source = field.source or name
                self._rename_methods(name, spoken)
            fields[spoken] = field
        return fields

    def _rename_methods(self, name: str, spoken: str) -> None:
        """The library looks for ``validate_<field>`` and ``get_<field>`` by the spoken name, and is silent without."""
        for prefix in ("validate_", "get_"):
            if method := getattr(self, prefix + name, None):
                setattr(self, prefix + spoken, method)

    def to_internal_value(self, data: Any) -> Any:
        refusals = self._refusals(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)  # type: ignore[misc]
        except ValidationError as error:
            raise ValidationError({**refusals, **error.detail}) from None  # type: ignore[dict-item]
        if refusals:
            raise ValidationError(refusals)
        return value

    def _refusals(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        writable = {field.field_name for field in self._writable_fields}  # type: ignore[attr-defined]
        return {
            name: [ErrorDetail(self.refused.get(name, FORBIDDEN_TEXT), code=FORBIDDEN)]
            for name in data
            if name not in writable
        }


class CamelCaseSerializer(CamelCaseMixin, serializers.Serializer[Any]):
    """A serializer of plain data."""


class CamelCaseModelSerializer(CamelCaseMixin, serializers.ModelSerializer[Any]):
    """A serializer of a model."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: InstantField,
    }
