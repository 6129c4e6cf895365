from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from tenancy.api.strict_json import JSONProblem, parse_strict_json


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large."
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        try:
            body = request._request.body
        except RequestDataTooBig:
            raise BodyTooLarge from None
        try:
            return parse_strict_json(body)
        except JSONProblem as problem:
            raise ParseError(str(problem)) from None
