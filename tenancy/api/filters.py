"""Query parameters that are declared, in the schema too, and refused with 422 where they are not understood."""

from __future__ import annotations

from typing import Any

from django_filters.filters import CharFilter, ChoiceFilter, TypedChoiceFilter
from django_filters.filterset import FilterSet
from drf_spectacular.utils import extend_schema_field

__all__ = ["FilterSet", "OneOfFilter", "SearchFilter", "YesNoFilter"]

SEARCH_LENGTH = 100


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
