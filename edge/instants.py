"""Times that arrive in bodies and query strings: ISO 8601 with date and time, never a bare date or a number."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from django.utils import timezone
from pydantic import AfterValidator, Field, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError, PydanticKnownError

from devices.services import CLOCK_TOLERANCE

# Pydantic alone also takes bare dates and seconds since 1970, which a device sends by mistake and never on purpose.
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)


def _date_time(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
    if not isinstance(value, str):
        raise PydanticKnownError("datetime_type")
    parsed: datetime = handler(value)
    if not _DATE_TIME.fullmatch(value):
        raise PydanticKnownError("datetime_parsing", {"error": "ISO 8601 with date and time is needed"})
    return parsed


def _in_utc(value: datetime) -> datetime:
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise PydanticKnownError("datetime_parsing", {"error": "outside of the years 1 to 9999"}) from None


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticKnownError("timezone_aware")
    return value


def _measured_already(value: datetime) -> datetime:
    if value > timezone.now() + CLOCK_TOLERANCE:
        raise PydanticCustomError("value_error", "Timestamp cannot be in the future")
    return value


def _young_enough(value: datetime, info: ValidationInfo) -> datetime:
    oldest = (info.context or {}).get("oldest")
    if oldest is not None and value < oldest:
        raise PydanticCustomError("value_error", "Timestamp is older than this organization accepts")
    return value


_DateTime = Annotated[datetime, Field(strict=False), WrapValidator(_date_time)]
QueryInstant = Annotated[_DateTime, AfterValidator(_with_offset), AfterValidator(_in_utc)]
# What a device's clock says, however wrong it may be.
DeviceClock = Annotated[_DateTime, AfterValidator(_in_utc)]
# A device without an offset means UTC. The context's "oldest" is the clinic's limit, or None.
DeviceInstant = Annotated[
    _DateTime, AfterValidator(_in_utc), AfterValidator(_measured_already), AfterValidator(_young_enough)
]


def spoken(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def spoken_utc(instant: datetime) -> str:
    """The same for an instant that is in UTC already, as those of rows are: thousands are written at once."""
    return f"{instant.isoformat(timespec='milliseconds')[:23]}Z"


def parsed_instant(text: str) -> datetime | None:
    """What ``spoken`` wrote."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant.astimezone(UTC)
