"""What devices tell of themselves: heartbeats, states and logs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from devices.fleet.models import LogLevel
from devices.models import Device
from edge.instants import DeviceClock
from edge.payloads import StrictModel

MOST_ENTRIES = 500
LARGEST_ENTRY = 4096
LEVELS = {level.label: level.value for level in LogLevel}
# Other words of devices for the same.
ALSO = {"online": Device.Status.ACTIVE.value}
TOLD_STATUSES = [status.value for status in Device.Status if status != Device.Status.RETIRED]
_REFUSED = {
    "offline": "A device that reports is not offline: send active, inactive, needs_attention, maintenance or error",
    "retired": "The clinic's staff retire a device: send inactive",
}


def _told_status(word: str) -> str:
    status = ALSO.get(word, word)
    if status not in TOLD_STATUSES:
        expected = ", ".join([*TOLD_STATUSES, *ALSO])
        raise PydanticCustomError("value_error", _REFUSED.get(word, f"Input should be one of {expected}"))
    return status


class Heartbeat(StrictModel):
    """What a device says of itself. Only the status is needed."""

    status: Annotated[str, AfterValidator(_told_status)] = Field(
        max_length=50, json_schema_extra={"enum": [*TOLD_STATUSES, *ALSO]}
    )
    battery_level: int | None = Field(None, ge=0, le=100, description="percent")
    signal_strength: int | None = Field(None, ge=-100, le=0, description="of the wireless network, in dBm")
    uptime: int | None = Field(None, ge=0, le=10**12, description="seconds")
    temperature: float | None = Field(None, ge=-50, le=200, description="°C, of the device")
    memory_usage: float | None = Field(None, ge=0, le=100, description="percent")
    cpu_usage: float | None = Field(None, ge=0, le=100, description="percent")
    firmware_version: str | None = Field(None, min_length=1, max_length=20)
    last_seen: DeviceClock | None = Field(
        None, description="what the device's clock says now; without an offset UTC. A clock that is wrong is told of"
    )
    settings_version: int | None = Field(
        None, ge=0, le=2**31 - 1, description="of the settings that the device works with"
    )

    def skew(self, now: datetime) -> int | None:
        """Seconds by which the device's clock is ahead of ``now``."""
        if self.last_seen is None:
            return None
        return max(min(round((self.last_seen - now).total_seconds()), 2**31 - 1), -(2**31))


class LogEntry(StrictModel):
    at: DeviceClock = Field(description="by the device's clock; without an offset UTC")
    level: str = Field(max_length=20, json_schema_extra={"enum": list(LEVELS)})
    message: str = Field(min_length=1)
    context: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _is_known_and_small(self) -> LogEntry:
        if self.level not in LEVELS:
            raise PydanticCustomError("value_error", f"The level is one of {', '.join(LEVELS)}")
        size = len(self.message.encode()) + len(msgspec.json.encode(self.context))
        if size > LARGEST_ENTRY:
            raise PydanticCustomError("value_error", "Message and context have at most 4,096 bytes together")
        return self


class LogEntries(StrictModel):
    entries: list[LogEntry] = Field(min_length=1, max_length=MOST_ENTRIES)
