"""Each file of tests/payloads, posted over HTTP to a running server."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.tests.posting import device_client, instant, path, stored
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = Path(__file__).resolve().parents[2] / "tests" / "payloads"
SAVED = "Glucose reading saved successfully"


def payload(name: str, **changes: Any) -> dict[str, Any]:
    return {**json.loads((FOLDER / f"{name}.json").read_text()), **changes}


def post(address: str, key: str | None, body: dict[str, Any]) -> httpx.Response:
    with device_client(address, key) as client:
        return client.post(path(body["deviceId"]), json=body)


def test_every_file_is_posted_by_a_test() -> None:
    mine = Path(__file__).read_text()
    assert [file.stem for file in FOLDER.glob("*.json") if f'"{file.stem}"' not in mine] == []


@pytest.mark.parametrize("name", ["valid_reading", "sample_reading"])
def test_good_readings(live_url: str, northside: Clinic, name: str) -> None:
    body = payload(name, timestamp=instant())
    answer = post(live_url, northside.device_key, body)
    assert answer.status_code == 201
    assert answer.json() == {"status": "processed", "id": answer.json()["id"], "message": SAVED}
    assert uuid.UUID(answer.json()["id"]).version == 8
    assert stored(northside) == [body["glucoseValue"]]


def test_sample_reading_as_it_stands_is_old_and_without_offset(live_url: str, northside: Clinic) -> None:
    with device_client(live_url, northside.device_key) as client:
        assert client.post(path(), json=payload("sample_reading")).status_code == 201
        assert client.get(f"{path()}/latest").json()["timestamp"] == "2026-01-07T17:30:00.000Z"


def test_bad_reading(live_url: str, northside: Clinic) -> None:
    answer = post(live_url, northside.device_key, payload("bad_reading"))
    assert answer.status_code == 422
    message = "Input should be less than or equal to 400"
    wrong = {"type": "less_than_equal", "loc": ["body", "glucoseValue"], "msg": message, "input": 500}
    assert answer.json() == {"detail": [wrong]}


def test_future_timestamp_reading(live_url: str, northside: Clinic) -> None:
    ahead = instant(minutes_ago=-6)
    answer = post(live_url, northside.device_key, payload("future_timestamp_reading", timestamp=ahead))
    assert answer.status_code == 422
    message = "Timestamp cannot be in the future"
    wrong = {"type": "value_error", "loc": ["body", "timestamp"], "msg": message, "input": ahead}
    assert answer.json() == {"detail": [wrong]}


@pytest.mark.parametrize(
    ("key", "detail"),
    [
        (None, "Missing API key. Please include X-API-Key header."),
        ("not-a-key", "Invalid API key. Please check your X-API-Key header."),
    ],
)
def test_auth_test_reading(live_url: str, northside: Clinic, key: str | None, detail: str) -> None:
    answer = post(live_url, key, payload("auth_test_reading"))
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})
    assert stored(northside) == []


def test_fk_error_reading(live_url: str, northside: Clinic) -> None:
    answer = post(live_url, northside.device_key, payload("fk_error_reading", timestamp=instant()))
    detail = "User user_0000 does not exist. Please ensure user is registered."
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_invalid_signal_reading(live_url: str, northside: Clinic) -> None:
    answer = post(live_url, northside.device_key, payload("invalid_signal_reading", timestamp=instant()))
    assert answer.status_code == 422
    message = "Input should be 'excellent', 'good', 'fair' or 'poor'"
    wrong = {"type": "enum", "loc": ["body", "signalQuality"], "msg": message, "input": "unknown"}
    assert answer.json() == {"detail": [wrong]}


def test_test_current_reading(live_url: str, northside: Clinic) -> None:
    body = payload("test_current_reading", timestamp=instant())
    assert post(live_url, northside.device_key, body).status_code == 201
    headers = {"Authorization": f"Bearer {northside.access_token('nurse')}"}
    current = httpx.get(f"{live_url}/api/v1/users/user_5678/glucose/current", headers=headers).json()
    assert {name: current[name] for name in body if name != "timestamp"} == {
        name: body[name] for name in body if name != "timestamp"
    }


def test_test_different_device(live_url: str, northside: Clinic) -> None:
    key = northside.organization_key
    assert post(live_url, key, payload("valid_reading", timestamp=instant())).status_code == 201
    assert post(live_url, key, payload("valid_reading", timestamp=instant())).status_code == 429
    assert post(live_url, key, payload("test_different_device", timestamp=instant())).status_code == 201
