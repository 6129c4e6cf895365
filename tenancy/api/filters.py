"""Query parameters that are declared, in the schema too, and refused with 422 where they are not understood."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django_filters.fields import IsoDateTimeField
from django_filters.filters import CharFilter, ChoiceFilter, IsoDateTimeFilter, TypedChoiceFilter
from django_filters.filterset import FilterSet
from drf_spectacular.utils import extend_schema_field

from tenancy.api.serializers import NAIVE

__all__ = ["FilterSet", "InstantFilter", "OneOfFilter", "SearchFilter", "YesNoFilter"]

SEARCH_LENGTH = 100


class _InstantField(IsoDateTimeField):
    def to_python(self, value: Any) -> Any:
        try:
            written = parse_datetime(str(value or "").strip())
        except ValueError:
            written = None
        if written is not None and written.tzinfo is None:
            raise ValidationError(NAIVE, code="naive")
        return super().to_python(value)


class InstantFilter(IsoDateTimeFilter):
    """A point in time, with its offset."""

    field_class = _InstantField

    def __init__(self, *, help_text: str) -> None:
        super().__init__(help_text=help_text)  # type: ignore[no-untyped-call]


class OneOfFilter(ChoiceFilter):
    def __init__(self, choices: list[tuple[str, str]], *, help_text: str = "") -> None:
        super().__init__(choices=choices, help_text=help_text)  # type: ignore[no-untyped-call]


@extend_schema_field(bool)
class YesNoFilter(TypedChoiceFilter):
    """``true`` or ``false``; the library's own boolean filter takes any other word for no answer."""

    def __init__(self, *, help_text: str) -> None:
        words = [("true", "true"), ("false", "false")]
        super().__init__(choices=words, coerce=_is_true, help_text=help_text)  # type: ignore[no-untyped-call]


class SearchFilter(CharFilter):
    def __init__(self, *, help_text: str) -> None:
        super().__init__(max_length=SEARCH_LENGTH, help_text=help_text)  # type: ignore[no-untyped-call]


def _is_true(word: Any) -> bool:
    return bool(word == "true")
