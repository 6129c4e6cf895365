"""A device's settings as the device and the clinic's staff are told them."""

from __future__ import annotations

from typing import Any


def settings_body(
    version: int,
    reading_interval: int,
    skin_tone: str | None,
    motion: str | None,
    sampling: str | None,
    alert_low: int | None,
    alert_high: int | None,
) -> dict[str, Any]:
    """None for what nobody chose; ``readingInterval`` in seconds, thresholds in mg/dL."""
    return {
        "version": version,
        "readingInterval": reading_interval,
        "skinToneCompensation": skin_tone or None,
        "motionSensitivity": motion or "normal",
        "samplingRate": sampling or "standard",
        "alertThresholds": {"low": alert_low, "high": alert_high},
    }
