"""What was measured, read back, as steps (``readings.store.steps``) for Django and for the data plane.

Every step names the organization in its parameters; on the data plane no policy does more than hold that line.
"""

from __future__ import annotations

from readings.history.buckets import Bucket, Resolution, bucket_page_steps
from readings.history.devices import (
    DeviceKey,
    DeviceReading,
    Statistics,
    device_page_steps,
    device_statistics_steps,
)
from readings.history.raw import Place, RawRow, raw_page_steps

__all__ = [
    "Bucket",
    "DeviceKey",
    "DeviceReading",
    "Place",
    "RawRow",
    "Resolution",
    "Statistics",
    "bucket_page_steps",
    "device_page_steps",
    "device_statistics_steps",
    "raw_page_steps",
]
