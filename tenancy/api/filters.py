"""Query parameters that are declared, in the schema too, and refused with 422 where they are not understood."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema_field

SEARCH_LENGTH = 100


@extend_schema_field(bool)
class YesNoFilter(django_filters.TypedChoiceFilter):
    """``true`` or ``false``; the library's own boolean filter takes any other word for no answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=(("true", "true"), ("false", "false")), coerce="true".__eq__, **options)


class SearchFilter(django_filters.CharFilter):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=SEARCH_LENGTH, **options)
