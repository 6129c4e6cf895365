"""What each type of command says beyond its name, checked before anybody sends it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic import ValidationError as Invalid
from pydantic.alias_generators import to_camel

from devices.commands.models import Kind

LARGEST_BYTES = 4_096
DEEPEST = 5
SHORTEST_INTERVAL = 60


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError("Name an https address, without a user or a fragment")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("An address has no spaces")
    return url


Word = Annotated[str, Field(min_length=1, max_length=50)]
Interval = Annotated[int, Field(ge=SHORTEST_INTERVAL, le=86_400)]


class Parameters(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel, extra="forbid", allow_inf_nan=False)


class Restart(Parameters):
    delay_seconds: int = Field(default=0, ge=0, le=3_600)


class UpdateFirmware(Parameters):
    url: Annotated[str, Field(max_length=500), AfterValidator(_https)]
    version: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class UpdateConfig(Parameters):
    """Other names are the device's own affair; its usual settings travel with the heartbeat."""

    model_config = ConfigDict(extra="allow")

    reading_interval: Interval | None = None

    @model_validator(mode="after")
    def _says_something(self) -> UpdateConfig:
        if not self.model_fields_set and not self.model_extra:
            raise ValueError("Name at least one setting")
        return self


class Reset(Parameters):
    mode: Literal["soft", "factory"] = "soft"


class Calibrate(Parameters):
    sensor_type: Word
    reference_value: float | None = None


class ReadSensor(Parameters):
    sensor_type: Word
    samples: Annotated[int, Field(ge=1, le=100)] = 1


class SetAlert(Parameters):
    sensor_type: Word
    condition: Literal["gt", "gte", "lt", "lte", "eq", "ne", "between", "outside"]
    threshold: float
    threshold_high: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> SetAlert:
        if self.condition in ("between", "outside"):
            if self.threshold_high is None or self.threshold_high <= self.threshold:
                raise ValueError("between and outside need a thresholdHigh above the threshold")
        elif self.threshold_high is not None:
            raise ValueError("thresholdHigh belongs to between and outside")
        return self


class Custom(Parameters):
    model_config = ConfigDict(extra="allow")

    name: Annotated[str, Field(min_length=1, max_length=100)]


PARAMETERS: dict[Kind, type[Parameters]] = {
    Kind.RESTART: Restart,
    Kind.UPDATE_FIRMWARE: UpdateFirmware,
    Kind.UPDATE_CONFIG: UpdateConfig,
    Kind.RESET: Reset,
    Kind.CALIBRATE: Calibrate,
    Kind.READ_SENSOR: ReadSensor,
    Kind.SET_ALERT: SetAlert,
    Kind.CUSTOM: Custom,
}


def checked(kind: str, parameters: Any) -> dict[str, Any]:
    """As they go to the device: in the names of the contract, with nothing added. Raises ValidationError."""
    if not isinstance(parameters, dict):
        raise _refused(["Send an object, {} where the type needs no parameters."])
    if len(json.dumps(parameters)) > LARGEST_BYTES:
        raise _refused([f"They take more than {LARGEST_BYTES} bytes."])
    if _depth(parameters) > DEEPEST:
        raise _refused([f"They are nested deeper than {DEEPEST} levels."])
    try:
        PARAMETERS[Kind(kind)].model_validate(parameters)
    except Invalid as error:
        raise _refused([_sentence(found) for found in error.errors()]) from None
    return parameters


def _refused(sentences: list[str]) -> ValidationError:
    return ValidationError({"parameters": sentences})


def _sentence(found: Any) -> str:
    place = ".".join(map(str, found["loc"]))
    said = found["msg"].removeprefix("Value error, ")
    return f"{place}: {said}." if place else f"{said}."


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0
