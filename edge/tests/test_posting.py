"""The table of the device post: every row, and the order of the rows."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from devices.services import assign_device, end_assignment, issue_key, revoke_key
from edge.tests.posting import DEVICE, free_slot, instant, path, reading, slot_is_held, stored
from readings.models import GlucoseReading
from tests.clinics import Clinic

# The rate slot is given back by what happens around the transaction, so tests commit as requests do.
pytestmark = pytest.mark.django_db(transaction=True)


def post(client: Client, body: Any, device: str = DEVICE, **headers: str) -> Any:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    content_type = headers.pop("content_type", "application/json")
    return client.post(f"/api/v1{path(device)}", data, content_type=content_type, headers=headers)


def refusal(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json()["detail"]


def test_missing_key_comes_before_everything(northside: Clinic) -> None:
    answer = post(Client(), b"{", content_type="image/png", Accept="image/png", **{"Content-Encoding": "br"})
    assert refusal(answer) == (401, "Missing API key. Please include X-API-Key header.")
    assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("key", ["nonsense", "dev-api-key-12345", "prod-api-key-67890", "test-api-key-abcde"])
def test_unknown_key(northside: Clinic, key: str) -> None:
    detail = "Invalid API key. Please check your X-API-Key header."
    assert refusal(post(northside.device_api(key), b"{")) == (401, detail)


@pytest.mark.promise(27)
def test_revoked_and_expired_keys(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        revoked = issue_key(device=northside.devices[1])
        revoke_key(key=revoked.key)
        expired = issue_key(device=northside.devices[1], expires_at=timezone.now() - timedelta(seconds=1))
    for key in (revoked.text, expired.text):
        assert post(northside.device_api(key), reading()).status_code == 401


def test_a_persons_token_is_no_device_key(northside: Clinic) -> None:
    assert post(northside.api("owner"), reading()).status_code == 401
    assert stored(northside) == []


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data"])
def test_the_body_is_json_whatever_the_content_type(northside: Clinic, content_type: str) -> None:
    assert post(northside.device_api(), reading(), content_type=content_type).status_code == 201


def test_the_key_may_come_as_bearer(northside: Clinic) -> None:
    client = Client(headers={"Authorization": f"Bearer {northside.device_key}"})
    assert post(client, reading()).status_code == 201


def test_gzip(northside: Clinic) -> None:
    body = gzip.compress(json.dumps(reading()).encode())
    assert post(northside.device_api(), body, **{"Content-Encoding": "gzip"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b" " * 6_000_000), "gzip", 413),
        (gzip.compress(gzip.compress(b" " * 6_000_000)), "gzip", 400),
        (gzip.compress(b"{}")[:-4], "gzip", 400),
        (gzip.compress(b"{}") * 2, "gzip", 400),
        (b"{}", "gzip", 400),
        (b"{}", "br", 415),
        (b"", "gzip", 422),
    ],
    # gzip writes the time into its header, and workers must agree on the names.
    ids=["too large", "twice compressed", "cut short", "two members", "not gzip", "brotli", "empty"],
)
def test_bad_encodings(northside: Clinic, body: bytes, encoding: str, status: int) -> None:
    assert post(northside.device_api(), body, **{"Content-Encoding": encoding}).status_code == status
    assert stored(northside) == []


@pytest.mark.parametrize("body", [b"", b"null"])
def test_absent_body(northside: Clinic, body: bytes) -> None:
    missing = {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    assert refusal(post(northside.device_api(), body)) == (422, [missing])


@pytest.mark.promise(40)
def test_all_failures_are_listed_in_field_order(northside: Clinic) -> None:
    sensors = {"red": -1, "infrared": "1", "green": True, "temperature": 29.9}
    body = reading(timestamp="2025-01-07", glucoseValue="100", confidence=0.9999, sensorData=sensors, batteryLevel=101)
    del body["userId"]
    status, detail = refusal(post(northside.device_api(), body))
    assert status == 422
    assert [(item["type"], item["loc"]) for item in detail] == [
        ("missing", ["body", "userId"]),
        ("datetime_parsing", ["body", "timestamp"]),
        ("int_type", ["body", "glucoseValue"]),
        ("decimal_max_places", ["body", "confidence"]),
        ("greater_than_equal", ["body", "sensorData", "red"]),
        ("float_type", ["body", "sensorData", "infrared"]),
        ("float_type", ["body", "sensorData", "green"]),
        ("greater_than_equal", ["body", "sensorData", "temperature"]),
        ("missing", ["body", "sensorData", "motionArtifact"]),
        ("less_than_equal", ["body", "batteryLevel"]),
    ]
    assert detail[0] == {"type": "missing", "loc": ["body", "userId"], "msg": "Field required", "input": body}


def test_a_large_body_is_not_echoed_for_every_missing_field(northside: Clinic) -> None:
    answer = post(northside.device_api(), {"other": "x" * 1_000_000})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


@pytest.mark.promise(40)
def test_limits_of_the_settings_are_honoured(northside: Clinic, settings: Any) -> None:
    settings.GLUCOSE_MIN_VALUE, settings.GLUCOSE_MAX_VALUE, settings.MAX_GLUCOSE_READING_RATE = 50, 90, 7
    answer = post(northside.device_api(), reading(glucoseValue=91))
    assert answer.json()["detail"][0]["msg"] == "Input should be less than or equal to 90"
    assert post(northside.device_api(), reading(glucoseValue=49)).status_code == 422
    assert post(northside.device_api(), reading(glucoseValue=50)).status_code == 201
    answer = post(northside.device_api(), reading(glucoseValue=90))
    assert refusal(answer) == (
        429,
        f"Rate limit exceeded. Device {DEVICE} can only submit one reading every 7 seconds.",
    )
    assert 1 <= int(answer["Retry-After"]) <= 7


def test_age_limit_of_an_organization(northside: Clinic) -> None:
    body = reading(timestamp=instant(minutes_ago=121))
    with northside.scope(), transaction.atomic():
        northside.organization.reading_max_age_hours = 2
        northside.organization.save()
    status, detail = refusal(post(northside.device_api(), body))
    assert (status, detail[0]["type"], detail[0]["loc"]) == (422, "value_error", ["body", "timestamp"])
    assert post(northside.device_api(), reading(timestamp=instant(minutes_ago=119))).status_code == 201


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("0001-01-01T00:00:00+14:00", 422),
        ("0001-01-01T00:00:00Z", 400),  # no device had a user then
        ("9999-12-31T23:59:59-14:00", 422),
        ("2025-01-07T17:30:00.123456+05:30", 201),
        ("2025-01-07 17:30:00", 201),
        ("1736271000", 422),
        (1736271000, 422),
        (None, 422),
        ("2025-02-30T00:00:00Z", 422),
        ("٢٠٢٥-01-07T17:30:00Z", 422),
    ],
)
@pytest.mark.promise(39)
def test_timestamps(northside: Clinic, timestamp: Any, status: int) -> None:
    assert post(northside.device_api(), reading(timestamp=timestamp)).status_code == status


@pytest.mark.promise(43)
def test_a_second_reading_within_the_interval(northside: Clinic) -> None:
    assert post(northside.device_api(), reading()).status_code == 201
    answer = post(northside.device_api(), reading())
    text = f"Rate limit exceeded. Device {DEVICE} can only submit one reading every 30 seconds."
    assert refusal(answer) == (429, text)
    assert 1 <= int(answer["Retry-After"]) <= 30


def test_the_order_of_the_rows(northside: Clinic) -> None:
    """Each body has the fault of its row and of all rows below."""
    client = northside.device_api()
    first = reading()
    assert post(client, first).status_code == 201
    wrong_device = {**first, "deviceId": "ARGUS_002468", "userId": "user_0000"}
    assert post(client, {**wrong_device, "glucoseValue": 1}).status_code == 422
    assert post(client, wrong_device).status_code == 429
    free_slot(northside)
    assert refusal(post(client, wrong_device)) == (400, "Device ID in URL must match deviceId in request body")
    unknown = "User user_0000 does not exist. Please ensure user is registered."
    assert refusal(post(client, {**first, "userId": "user_0000"})) == (400, unknown)
    not_theirs = f"Device {DEVICE} does not exist or does not belong to user user_9012"
    assert refusal(post(client, {**first, "userId": "user_9012"})) == (400, not_theirs)
    status, detail = refusal(post(client, first))
    assert status == 409
    assert detail == (
        f"A reading for device {DEVICE} at timestamp {first['timestamp']} already exists. "
        "Duplicate readings are not allowed."
    )
    assert stored(northside) == [120]


def test_the_slot_is_given_back_unless_a_reading_was_stored(northside: Clinic) -> None:
    client = northside.device_api()
    first = reading()
    for body in (
        {**first, "deviceId": "ARGUS_002468"},
        {**first, "userId": "user_0000"},
        {**first, "userId": "user_9012"},
    ):
        assert post(client, body).status_code == 400
        assert not slot_is_held(northside)
    assert post(client, first).status_code == 201
    assert slot_is_held(northside)
    free_slot(northside)
    assert post(client, first).status_code == 409
    assert not slot_is_held(northside)


@pytest.mark.promise(27)
def test_a_key_that_may_not_use_the_device_never_touches_its_slot(northside: Clinic, southside: Clinic) -> None:
    """Missing, foreign and another device's: the same words, at once, whether or not the slot is taken."""
    with southside.scope(), transaction.atomic():
        southside.devices[1].code = "ARGUS_SOUTH"
        southside.devices[1].save()
    body = {"userId": "user_5678"}
    for device in ("ARGUS_002468", "ARGUS_SOUTH", "ARGUS_999999", str(southside.devices[0].public_id), "a b", "\x00"):
        client = northside.device_api()
        for _ in range(2):
            answer = post(client, reading(deviceId=device, **body), device=device.replace("\x00", "%00"))
            text = f"Device {device} does not exist or does not belong to user user_5678"
            assert refusal(answer) == ((400, text) if device != "\x00" else (400, answer.json()["detail"]))
    assert not slot_is_held(northside, 1)
    assert not slot_is_held(southside, 0)
    mismatch = post(northside.device_api(), reading(), device="ARGUS_002468")
    assert refusal(mismatch) == (400, "Device ID in URL must match deviceId in request body")


def test_two_clinics_with_the_same_device_code_do_not_share_a_slot(northside: Clinic, southside: Clinic) -> None:
    assert post(southside.device_api(southside.organization_key), reading()).status_code == 201
    assert post(northside.device_api(northside.organization_key), reading()).status_code == 201
    assert post(southside.device_api(southside.organization_key), reading()).status_code == 429
    assert (len(stored(northside)), len(stored(southside))) == (1, 1)


def test_the_url_may_name_the_device_by_its_uuid(northside: Clinic) -> None:
    device = str(northside.devices[0].public_id)
    assert post(northside.device_api(), reading(), device=device).status_code == 201


def test_a_device_that_nobody_wears(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        end_assignment(device=northside.devices[0], ends_at=timezone.now() - timedelta(minutes=1))
    text = f"Device {DEVICE} does not exist or does not belong to user user_5678"
    assert refusal(post(northside.device_api(), reading())) == (400, text)
    assert post(northside.device_api(), reading(timestamp=instant(minutes_ago=2))).status_code == 201


@pytest.mark.parametrize("user", ["user_5678", "user_9012"])
def test_a_reassigned_device_that_posts_the_same_instant_again(northside: Clinic, user: str) -> None:
    first = reading(timestamp=instant(minutes_ago=5))
    assert post(northside.device_api(), first).status_code == 201
    free_slot(northside)
    with northside.scope(), transaction.atomic():
        assign_device(device=northside.devices[0], patient=northside.patients[1])
    assert post(northside.device_api(), {**first, "userId": user}).status_code == 409
    another_time = reading(timestamp=instant(minutes_ago=6), userId="user_9012")
    assert post(northside.device_api(), another_time).status_code == 400
    assert len(stored(northside)) == 1


def test_unknown_fields_are_ignored_and_what_was_sent_is_stored(northside: Clinic) -> None:
    sensors = {**reading()["sensorData"], "blue": 1}
    body = reading(sensorData=sensors, organization="southside", rangeFlag="low", confidence=1)
    assert post(northside.device_api(), body).status_code == 201
    with northside.scope(), transaction.atomic():
        kept = GlucoseReading.objects.get()
    assert kept.sensor_data == reading()["sensorData"]
    assert (kept.confidence, kept.battery_level, kept.get_quality_display(), kept.range_flag) == (1, 85, "good", 0)
