"""Help for tests that post readings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from django.db import transaction

from readings.models import GlucoseReading
from tenancy.redis import limits_client
from tests.clinics import Clinic

DEVICE = "ARGUS_001234"


def instant(minutes_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat(timespec="milliseconds")


def reading(**changes: Any) -> dict[str, Any]:
    """A valid reading of now, in the words of the contract."""
    return {
        "deviceId": DEVICE,
        "userId": "user_5678",
        "timestamp": instant(),
        "glucoseValue": 120,
        "confidence": 0.95,
        "sensorData": {"red": 1.5, "infrared": 2.5, "green": 3.5, "temperature": 36.5, "motionArtifact": False},
        "batteryLevel": 85,
        "signalQuality": "good",
        **changes,
    }


@contextmanager
def device_client(address: str, key: str | None) -> Iterator[httpx.Client]:
    headers = {} if key is None else {"X-API-Key": key}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30) as client:
        yield client


def path(device: str = DEVICE) -> str:
    return f"/devices/{device}/readings"


def free_slot(clinic: Clinic, device: int = 0) -> None:
    """As if the interval between two readings had passed."""
    limits_client().delete(slot_key(clinic, device))


def slot_is_held(clinic: Clinic, device: int = 0) -> bool:
    return bool(limits_client().exists(slot_key(clinic, device)))


def slot_key(clinic: Clinic, device: int = 0) -> str:
    return f"readings:slot:{clinic.organization.id}:{clinic.devices[device].id}"


def stored(clinic: Clinic) -> list[int]:
    with clinic.scope(), transaction.atomic():
        return list(GlucoseReading.objects.oldest_first().values_list("glucose", flat=True))
