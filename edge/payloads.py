"""What devices may send, in the types and words of Pydantic."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from django.conf import settings
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

from edge.instants import DeviceInstant
from readings.models import SignalQuality
from readings.rows import ReadingRow

MAX_BATCH_ITEMS = 1000


class Quality(StrEnum):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"

    @property
    def stored(self) -> SignalQuality:
        return _STORED[self]


_STORED = {quality: SignalQuality[quality.name] for quality in Quality}


def _measurable(value: int) -> int:
    # Not ge/le: an operator sets the limits, and tests change them.
    if value < settings.GLUCOSE_MIN_VALUE:
        raise PydanticKnownError("greater_than_equal", {"ge": settings.GLUCOSE_MIN_VALUE})
    if value > settings.GLUCOSE_MAX_VALUE:
        raise PydanticKnownError("less_than_equal", {"le": settings.GLUCOSE_MAX_VALUE})
    return value


def _three_decimals(value: float) -> float:
    if round(value, 3) != value:
        raise PydanticKnownError("decimal_max_places", {"decimal_places": 3})
    return value


Name = Annotated[str, Field(min_length=1, max_length=50)]
OneOfQuality = Annotated[Quality, Field(strict=False)]


class StrictModel(BaseModel):
    """No conversions ("100" is no number, true is not 1); unknown fields are ignored."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class SensorData(StrictModel):
    red: float = Field(ge=0)
    infrared: float = Field(ge=0)
    green: float = Field(ge=0)
    temperature: float = Field(ge=30, le=45, description="°C")
    motion_artifact: bool


class DeviceReading(StrictModel):
    """One reading. Errors are listed in the order of these fields."""

    device_id: Name
    user_id: Name
    timestamp: DeviceInstant = Field(description="ISO 8601; without an offset UTC; at most 5 minutes ahead")
    glucose_value: Annotated[int, AfterValidator(_measurable)] = Field(
        description="mg/dL", json_schema_extra={"minimum": 40, "maximum": 400}
    )
    confidence: Annotated[float, AfterValidator(_three_decimals)] = Field(ge=0, le=1, description="at most 3 decimals")
    sensor_data: SensorData
    battery_level: int = Field(ge=0, le=100, description="percent")
    signal_quality: OneOfQuality

    def row(self, device_id: int) -> ReadingRow:
        return ReadingRow(
            device_id=device_id,
            measured_at=self.timestamp,
            glucose=self.glucose_value,
            quality=self.signal_quality.stored,
            confidence=Decimal(str(self.confidence)),
            battery_level=self.battery_level,
            sensor_data=self.sensor_data.model_dump(by_alias=True),
        )


class BatchReading(DeviceReading):
    """A reading in a batch: the URL names the device, and the user follows from the device."""

    device_id: Name | None = None  # type: ignore[assignment]
    user_id: Name | None = None  # type: ignore[assignment]


class SensorValue(StrictModel):
    """A glucose value of a sensor, in mg/dL or mmol/L."""

    sensor_type: Name = Field(validation_alias=AliasChoices("sensor_type", "sensorType"))
    value: float
    unit: Name
    timestamp: DeviceInstant
    quality: OneOfQuality | None = None


class Batch(StrictModel):
    """Items are looked at one by one afterwards: a bad one never fails the others."""

    readings: list[Any] = Field(min_length=1, max_length=MAX_BATCH_ITEMS)


def validation_context(oldest: datetime | None) -> dict[str, datetime | None]:
    return {"oldest": oldest}
