"""Query parameters, read strictly: a misspelt or doubled one is an error, never silently without effect."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from edge.instants import QueryInstant
from edge.requests import Request
from edge.validation import error_list
from tenancy.api.errors import Unprocessable
from tenancy.api.queries import refuse_repeated

Q = TypeVar("Q", bound=BaseModel)
MAX_OFFSET = 10_000_000
MOST_OF_A_HISTORY = 5000
MOST_COMMANDS = 20
RESOLUTIONS = ("raw", "1m", "5m", "15m", "1h", "1d")
PERIODS = {
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def _whole_number(value: Any) -> Any:
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise PydanticKnownError("int_parsing")
        return int(value)
    return value


Limit = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=1000)]
# 14 days of a sensor that measures each 5 minutes are 4,032 readings: one page where somebody wants it so.
HistoryLimit = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=MOST_OF_A_HISTORY)]
Offset = Annotated[int, BeforeValidator(_whole_number), Field(ge=0, le=MAX_OFFSET)]


class WindowQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: QueryInstant | None = None
    until: QueryInstant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> WindowQuery:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise PydanticCustomError("window", "until must be later than since")
        return self


class NoQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CommandQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=MOST_COMMANDS)] = MOST_COMMANDS


class ListQuery(WindowQuery):
    limit: Limit = 100
    offset: Offset = 0


class HistoryQuery(WindowQuery):
    period: Literal["6h", "24h", "7d", "14d", "30d", "90d"] | None = None
    resolution: Literal["raw", "1m", "5m", "15m", "1h", "1d"] = "raw"
    limit: HistoryLimit = 100
    cursor: str | None = Field(default=None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _one_window(self) -> HistoryQuery:
        if self.period is not None and (self.since is not None or self.until is not None):
            raise PydanticCustomError("window", "Give either period or since and until")
        return self

    def window(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        if self.since is not None or self.until is not None:
            return self.since, self.until
        return now - PERIODS[self.period or "7d"], None


def read_query(request: Request, model: type[Q]) -> Q:
    """Raises Unprocessable with ``loc`` ["query", name]."""
    query = request.query
    refuse_repeated(query.items())
    try:
        return model.model_validate({name: given[0] for name, given in query.items()})
    except ValidationError as error:
        raise Unprocessable(error_list(error, "query")) from None


_SINCE = OpenApiParameter("since", datetime, description="from this time on; an offset is required")
_UNTIL = OpenApiParameter("until", datetime, description="before this time; an offset is required")
_LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100})
WINDOW_PARAMETERS = [_SINCE, _UNTIL]
LIST_PARAMETERS = [
    _LIMIT,
    OpenApiParameter("offset", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}),
    *WINDOW_PARAMETERS,
]
COMMAND_PARAMETERS = [
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST_COMMANDS, "default": MOST_COMMANDS})
]
HISTORY_PARAMETERS = [
    OpenApiParameter("period", str, enum=list(PERIODS), description="7d where since and until are not given either"),
    *WINDOW_PARAMETERS,
    OpenApiParameter(
        "resolution",
        str,
        enum=list(RESOLUTIONS),
        default="raw",
        description="raw, or steps from local midnight",
    ),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST_OF_A_HISTORY, "default": 100}),
    OpenApiParameter("cursor", str, description="next of the page before"),
]
