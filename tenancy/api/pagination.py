from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as InvalidParameter
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class ItemsPagination(CursorPagination):
    """``{"items": [...], "next": "<cursor>" | null}``; give the cursor back as ``?cursor=``."""

    page_size = 100
    max_page_size = 1000
    page_size_query_param = "limit"
    ordering: str | tuple[str, ...] = "id"

    def get_page_size(self, request: Any) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        # Digits only, and few: int() would also take other alphabets' digits, and thousands of them.
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= self.max_page_size):
            message = f"The limit is a number from 1 to {self.max_page_size}."
            raise InvalidParameter({self.page_size_query_param: [message]})
        return int(text)

    def decode_cursor(self, request: Any) -> Any:
        """Strict about the encoding: the library skips what it cannot read and would begin again at the first page."""
        try:
            base64.b64decode(request.query_params.get(self.cursor_query_param, ""), validate=True)
        except ValueError:
            raise NotFound(self.invalid_cursor_message) from None
        return super().decode_cursor(request)

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        """Raises NotFound for a cursor that is not ours: its position is no value of the column it is compared with."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError, DataError):
            raise NotFound(self.invalid_cursor_message) from None

    def get_paginated_response(self, data: Any) -> Response:
        link = self.get_next_link()
        cursor = parse_qs(urlsplit(link).query)["cursor"][0] if link else None
        return Response({"items": data, "next": cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {"items": schema, "next": {"type": "string", "nullable": True}},
        }
