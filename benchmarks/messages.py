"""The requests, as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.devices import BenchmarkDevice

# Of a device that works with the settings it was told first.
HEARTBEAT = {
    "status": "active",
    "batteryLevel": 80,
    "signalStrength": -61,
    "uptime": 86_400,
    "temperature": 31.5,
    "memoryUsage": 48.5,
    "cpuUsage": 7.5,
    "firmwareVersion": "2.1.3",
    "settingsVersion": 1,
}


def post_reading(device_code: str, patient_code: str, key: str) -> bytes:
    return _post(device_code, key, reading_body(device_code, patient_code, datetime.now(UTC)))


def post_low(device_code: str, patient_code: str, key: str) -> bytes:
    return _post(device_code, key, {**reading_body(device_code, patient_code, datetime.now(UTC)), "glucoseValue": 50})


def post_batch(device: BenchmarkDevice, instants: Sequence[datetime]) -> bytes:
    readings = [reading_body(device.code, device.patient_code, instant) for instant in instants]
    return _post(device.code, device.key, {"readings": readings})


def post_heartbeat(device: BenchmarkDevice) -> bytes:
    return _post(device.code, device.key, HEARTBEAT, to="heartbeat")


def reading_body(device_code: str, patient_code: str, instant: datetime) -> dict[str, Any]:
    return {
        "deviceId": device_code,
        "userId": patient_code,
        "timestamp": instant.isoformat(timespec="milliseconds"),
        "glucoseValue": 120,
        "confidence": 0.95,
        "sensorData": {"red": 1.5, "infrared": 2.1, "green": 1.8, "temperature": 36.5, "motionArtifact": False},
        "batteryLevel": 80,
        "signalQuality": "good",
    }


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _post(device_code: str, key: str, body: dict[str, Any], *, to: str = "readings") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST /api/v1/devices/{device_code}/{to} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
