"""What a device measured, as it writes it for the platform's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from simulator.physiology.sensor import HIGHEST, LOWEST
from simulator.vitals import UNITS

QUALITIES = ("excellent", "good", "good", "good", "fair")


@dataclass(frozen=True, slots=True)
class Measured:
    """At one instant. ``glucose`` in mg/dL, None where the sensor shows nothing; beyond 40 to 400 it is Low or High."""

    at: datetime
    glucose: float | None
    vitals: dict[str, float]

    def __len__(self) -> int:
        return (self.glucose is not None) + len(self.vitals)


def written(measured: Measured, *, skew: timedelta, battery: int, chance: np.random.Generator) -> list[dict[str, Any]]:
    """Items of a batch. ``skew``: how far the device's clock is ahead."""
    timestamp = (measured.at + skew).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    items = [] if measured.glucose is None else [_reading(measured.glucose, timestamp, battery, chance)]
    items += [
        {"sensor_type": name, "value": value, "unit": UNITS[name], "timestamp": timestamp}
        for name, value in measured.vitals.items()
    ]
    return items


def _reading(glucose: float, timestamp: str, battery: int, chance: np.random.Generator) -> dict[str, Any]:
    red, infrared, green = (round(abs(float(value)), 2) for value in chance.normal((2.4, 3.1, 1.8), 0.2))
    return {
        "timestamp": timestamp,
        # The door takes no "Low" and "High": what lies beyond is sent as the limit.
        "glucoseValue": int(np.clip(round(glucose), LOWEST, HIGHEST)),
        "confidence": round(float(chance.uniform(0.88, 0.99)), 2),
        "sensorData": {
            "red": red,
            "infrared": infrared,
            "green": green,
            "temperature": round(float(chance.normal(36.4, 0.2)), 1),
            "motionArtifact": bool(chance.random() < 0.05),
        },
        "batteryLevel": battery,
        "signalQuality": QUALITIES[int(chance.integers(len(QUALITIES)))],
    }
