"""What scenarios for the hard cases are put together from: plain runs of readings, and records field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexcom_sync.sandbox.contents import Contents, Device
from dexcom_sync.sandbox.identities import record_id
from dexcom_sync.sandbox.moments import MICRO, offsets_at
from dexcom_sync.sandbox.scenarios.habits import displayed, shown_by
from dexcom_sync.sandbox.scenarios.patterns import PLACES, pattern
from dexcom_sync.sandbox.scenarios.settings import schedules
from dexcom_sync.sandbox.scenarios.specs import DAY, STEP, Spec
from dexcom_sync.sandbox.series import Columns, Series, trend_of
from dexcom_sync.sandbox.slots import Fields, Slot, Version
from dexcom_sync.sandbox.views import Source

Seconds = NDArray[np.int64]
SOON = 20
USUAL_ALERTS = ("urgentLow", "high", "low", "outOfRange")


def phone(spec: Spec, *, key: str = "ios", device: str = "iOS", app: str = "G7") -> Source:
    return Source(spec.name, key, device, app, "g7", "g7")


def receiver(spec: Spec, *, transmitters_of: str = "") -> Source:
    return Source(spec.name, "receiver", "receiver", None, "g7", "g7", receiver=True, transmitters_of=transmitters_of)


def run(
    spec: Spec,
    source: Source,
    first: float,
    until: float,
    *,
    uploaded: Callable[[Seconds], Seconds] | float | None = None,
    clock_error: int = 0,
    zone: str | None = None,
    sensor: int = 0,
    without: tuple[float, float] | None = None,
) -> Series:
    """A reading each five minutes from ``first`` on and before ``until``, in true time.

    ``clock_error`` is what the device's clock is ahead; ``uploaded`` an instant, or made from the readings' instants.
    """
    shape = pattern(spec.chance(), 0)
    numbers = np.arange(-(-int(first) // STEP), -(-int(until) // STEP))
    if without:
        numbers = numbers[(numbers * STEP < without[0]) | (numbers * STEP >= without[1])]
    places = numbers % PLACES
    true = numbers * STEP + shape.jitter[places]
    if uploaded is None:
        uploads = true + shape.lags[places]
    elif callable(uploaded):
        uploads = uploaded(true)
    else:
        uploads = np.full(true.size, int(uploaded))
    seconds = true + clock_error
    return Series(
        source,
        Columns(
            seconds=seconds,
            uploaded=uploads,
            values=shape.values[places],
            rates=shape.rates[places],
            # Ticks count from the same moment in every run, so that two devices tell the same ones.
            ticks=numbers * STEP - int(spec.first) // DAY * DAY + 40 * DAY,
            offsets=offsets_at(zone or spec.zone, seconds),
            sensors=np.full(true.size, sensor, dtype=np.int32),
        ),
    )


def egv(spec: Spec, source: Source, at: float, value: Any, *names: object, **changes: Any) -> Fields:
    """All fields of a reading. ``names`` make its id, beside the instant; a change to ``...`` leaves a field out."""
    fields: Fields = {
        "recordId": record_id(spec.name, source.key, int(at), *names),
        "systemTime": displayed(at, spec.zone)["systemTime"] + ("" if source.receiver else "Z"),
        "displayTime": displayed(at, spec.zone, naive=source.receiver)["displayTime"],
        "transmitterId": source.transmitter(0), "transmitterTicks": int(at - spec.first + 40 * DAY), "value": value,
        "trend": trend_of(2), "trendRate": 0.2, "status": None, "unit": "mg/dL", "rateUnit": "mg/dL/min",
        **shown_by(source), **changes,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not ...}


def put(contents: Contents, resource: str, fields: Fields, at: float, *, uploaded: float | None = None) -> Slot:
    """``at``: what the systemTime of ``fields`` means."""
    slot = Slot([Version(at + SOON if uploaded is None else uploaded, round(at * MICRO), fields)])
    contents.slots[resource].extend([slot])
    return slot


def add_device(contents: Contents, spec: Spec, source: Source, *, since: float, until: float, **changes: Any) -> None:
    """A device that uploads every hour from ``since`` to ``until``; a change to ``...`` leaves a field out."""
    fields: Fields = {
        "transmitterId": source.transmitter(0),
        "transmitterGeneration": source.generation,
        "transmitterGenerationVariant": source.variant,
        "displayDevice": source.display_device,
        "displayApp": source.display_app,
        "alertSchedules": [] if source.receiver else schedules(USUAL_ALERTS, since, spec.zone),
        **changes,
    }

    def newest(now: float) -> float | None:
        return min(now, until) // 3600 * 3600 if now >= since else None

    kept = {name: value for name, value in fields.items() if value is not ...}
    contents.devices.append(Device(kept, newest, since))
