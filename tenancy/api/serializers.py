from __future__ import annotations

from typing import Any

from rest_framework import serializers


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class CamelCaseMixin:
    """Fields are declared in Python's names and speak camelCase, in the answer, in errors and in the schema."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = {}
        for name, field in super().get_fields().items():  # type: ignore[misc]
            spoken = camel_case(name)
            if spoken != name and field.source is None:
                field.source = name
            fields[spoken] = field
        return fields


class CamelCaseSerializer(CamelCaseMixin, serializers.Serializer[Any]):
    """A serializer of plain data."""


class CamelCaseModelSerializer(CamelCaseMixin, serializers.ModelSerializer[Any]):
    """A serializer of a model."""
