"""A user's everyday data between two instants: readings of one sensor after the other, as a device uploads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dexcom_sync.sandbox.contents import Contents, Device
from dexcom_sync.sandbox.identities import number_of
from dexcom_sync.sandbox.moments import offset_at, offsets_at
from dexcom_sync.sandbox.scenarios.patterns import BACKFILLED, LOST, PLACES, Pattern, pattern
from dexcom_sync.sandbox.scenarios.settings import schedules
from dexcom_sync.sandbox.scenarios.specs import HOUR, STEP, Spec
from dexcom_sync.sandbox.series import Columns, Series
from dexcom_sync.sandbox.views import Source

SENSOR_SECONDS = PLACES * STEP
UPLOAD_AFTER_SESSION = 1_800


@dataclass(frozen=True, slots=True)
class Routine:
    """How a kind of user measures. ``sensors_each`` is how many sensors a transmitter outlives."""

    source: Callable[[str], Source]
    warm_up: int
    sensors_each: int
    alert_names: tuple[str, ...]
    calibrations: bool = False
    events: bool = True
    alerts: bool = True


def pattern_of(spec: Spec) -> Pattern:
    return pattern(spec.chance(), offset_at(spec.zone, spec.anchor))


def phase(spec: Spec) -> int:
    """When sensors are changed: not everybody's at the same hour."""
    return number_of(spec.name) % (SENSOR_SECONDS // HOUR) * HOUR


def sessions(spec: Spec, first: float, until: float) -> Iterator[tuple[int, int]]:
    """Number and beginning (s) of each sensor that is worn at some time between the two."""
    start = phase(spec)
    for number in range(int(first - start) // SENSOR_SECONDS, int(until - 1 - start) // SENSOR_SECONDS + 1):
        yield number, start + number * SENSOR_SECONDS


def readings(spec: Spec, routine: Routine, source: Source, first: float, until: float) -> Series:
    """Of the readings from ``first`` on and before ``until``."""
    shape, start = pattern_of(spec), phase(spec)
    numbers = np.arange(int(first - start) // STEP - 1, int(until - start) // STEP + 2)
    places = numbers % PLACES
    seconds = start + numbers * STEP + shape.jitter[places]
    kept = (seconds >= first) & (seconds < until) & (places * STEP >= routine.warm_up)
    kept &= (places < LOST.start) | (places >= LOST.stop)
    numbers, places, seconds = numbers[kept], places[kept], seconds[kept]
    span = PLACES * routine.sensors_each
    begun = start + (numbers - places + PLACES) * STEP
    backfilled = (places >= BACKFILLED.start) & (places < BACKFILLED.stop)
    late = begun - SENSOR_SECONDS + BACKFILLED.stop * STEP + shape.lags[places] % 20
    uploaded = np.where(backfilled, late, seconds + shape.lags[places])
    if source.receiver:
        uploaded = begun + UPLOAD_AFTER_SESSION
    return Series(
        source,
        Columns(
            seconds=seconds,
            uploaded=uploaded,
            values=shape.values[places],
            rates=shape.rates[places],
            ticks=numbers % span * STEP + shape.jitter[places] + 2,
            offsets=offsets_at(spec.zone, seconds),
            sensors=(numbers // span).astype(np.int32),
        ),
    )


def add_devices(contents: Contents, spec: Spec, routine: Routine, source: Source) -> None:
    """One for each transmitter that has a reading and is not there yet."""
    known = {device.key() for device in contents.devices}
    sensors = sorted({sensor for series in _shown_by(contents, source) for sensor in series.sensors()})
    described = schedules(routine.alert_names, spec.first, spec.zone)
    for sensor in sensors:
        fields = {
            "transmitterId": source.transmitter(sensor),
            "transmitterGeneration": source.generation,
            "transmitterGenerationVariant": source.variant,
            "displayDevice": source.display_device,
            "displayApp": source.display_app,
            "alertSchedules": [] if source.receiver else described,
        }
        uploads = _uploads(contents, source, sensor)
        device = Device(fields, uploads, min(series.first_upload(sensor) for series in _shown_by(contents, source)))
        if device.key() not in known:
            contents.devices.append(device)


def _uploads(contents: Contents, source: Source, sensor: int) -> Callable[[float], float | None]:
    def newest(now: float) -> float | None:
        found = [series.last_upload(sensor, now) for series in _shown_by(contents, source)]
        return max((upload for upload in found if upload is not None), default=None)

    return newest


def _shown_by(contents: Contents, source: Source) -> list[Series]:
    return [series for series in contents.series if series.source.key == source.key]
