"""The requests, as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.clinic import BenchmarkDevice


def post_reading(device: BenchmarkDevice) -> bytes:
    return _post(device, reading_body(device, datetime.now(UTC)))


def post_batch(device: BenchmarkDevice, instants: Sequence[datetime]) -> bytes:
    return _post(device, {"readings": [reading_body(device, instant) for instant in instants]})


def reading_body(device: BenchmarkDevice, instant: datetime) -> dict[str, Any]:
    return {
        "deviceId": device.code,
        "userId": device.patient_code,
        "timestamp": instant.isoformat(timespec="milliseconds"),
        "glucoseValue": 120,
        "confidence": 0.95,
        "sensorData": {"red": 1.5, "infrared": 2.1, "green": 1.8, "temperature": 36.5, "motionArtifact": False},
        "batteryLevel": 80,
        "signalQuality": "good",
    }


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _post(device: BenchmarkDevice, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST /api/v1/devices/{device.code}/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {device.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
