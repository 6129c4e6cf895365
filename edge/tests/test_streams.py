"""Live streams against a running server: what is stored is heard, by those who may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import transaction

from accounts.organizations import change_organization
from edge.tests.posting import instant
from edge.tests.streaming import lines, post, socket
from patients.care_team import remove_from_care_team
from readings.amendments import Correction
from readings.models import GlucoseReading
from readings.services import amend_readings
from tests.clinics import SECOND_PATIENT, Clinic

pytestmark = pytest.mark.django_db(transaction=True)


def current(address: str, clinic: Clinic) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {clinic.access_token('owner')}"}
    body: dict[str, object] = httpx.get(f"{address}/api/v1/users/user_5678/glucose/current", headers=headers).json()
    del body["ageSeconds"]
    return body


@pytest.mark.promise(1)
def test_a_post_is_heard_in_its_clinic_and_nowhere_else(live_url: str, northside: Clinic, southside: Clinic) -> None:
    with (
        socket(live_url, northside.access_token("owner")) as ours,
        socket(live_url, southside.access_token("owner")) as theirs,
    ):
        public_id = post(live_url, northside, glucoseValue=123)
        event = ours.next()
        post(live_url, southside, glucoseValue=77)
        assert theirs.next()["data"]["glucoseValue"] == 77

    assert (event["type"], event["patient"], event["device"]) == ("reading.created", "user_5678", "ARGUS_001234")
    assert event["data"]["id"] == public_id
    assert event["data"] == current(live_url, northside)
    assert event["at"].endswith("Z")


def test_server_sent_events_are_the_same(live_url: str, northside: Clinic) -> None:
    token = northside.access_token("nurse")
    with lines(live_url, token, "?topics=vitals,alerts") as heard, socket(live_url, token, "/ws/live-data") as other:
        assert heard.response.headers["content-type"] == "text/event-stream"
        assert heard.response.headers["cache-control"] == "no-store"
        kind, opened = heard.next()
        assert (kind, opened["data"]) == ("stream.opened", {"topics": ["alerts", "vitals"]})
        post(live_url, northside)
        kind, event = heard.next()
        assert event == other.next()
        assert (kind, heard.last_id) == ("reading.created", event["id"])


def test_a_batch_tells_what_is_fresh(live_url: str, northside: Clinic) -> None:
    items = [
        {"sensor_type": "glucose", "value": value, "unit": "mg/dL", "timestamp": instant(minutes)}
        for value, minutes in ((111, 60), (112, 5), (113, 0))
    ]
    with socket(live_url, northside.access_token("owner")) as heard:
        url, headers = f"{live_url}/api/v1/devices/ARGUS_001234/readings", {"X-API-Key": northside.device_key}
        assert httpx.post(url, json={"readings": items}, headers=headers).json()["accepted"] == 3
        assert [heard.next()["data"]["glucoseValue"] for _ in range(2)] == [112, 113]


def test_djangos_door_tells_too(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("owner")) as heard:
        northside.store(90, 91, until=datetime.now(UTC) - timedelta(hours=1))
        northside.store(100)
        assert heard.next()["data"]["glucoseValue"] == 100
        with northside.scope(), transaction.atomic():
            oldest = GlucoseReading.objects.oldest_first()[0]
            amend_readings(corrections=[Correction(oldest.device_id, oldest.measured_at, 95)])
        event = heard.next()
        assert (event["type"], event["data"]["glucoseValue"]) == ("reading.amended", 95)


@pytest.mark.promise(2)
def test_people_hear_of_the_patients_whom_they_may_see(live_url: str, northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[0], member=northside.people["nurse"])
    with (
        socket(live_url, northside.access_token("patient")) as first,
        socket(live_url, northside.access_token(SECOND_PATIENT)) as second,
        socket(live_url, northside.access_token("nurse")) as nurse,
        socket(live_url, northside.access_token("owner")) as owner,
    ):
        post(live_url, northside, 0)
        post(live_url, northside, 1)
        post(live_url, northside, 0)
        heard = {
            "first": [first.next()["patient"] for _ in range(2)],
            "owner": [owner.next()["patient"] for _ in range(3)],
            "second": [second.next()["patient"]],
            "nurse": [nurse.next()["patient"]],
        }
        for nobody_else in (second, nurse):
            with pytest.raises(TimeoutError):
                nobody_else.next(0.5)

    assert heard == {
        "first": ["user_5678"] * 2,
        "owner": ["user_5678", "user_9012", "user_5678"],
        "second": ["user_9012"],
        "nurse": ["user_9012"],
    }


@pytest.mark.promise(1)
def test_measurements_are_heard_in_their_clinic(live_url: str, northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC)
    with (
        socket(live_url, northside.access_token("owner")) as ours,
        socket(live_url, southside.access_token("owner")) as theirs,
    ):
        rows = [
            {
                "sensor_type": "heart_rate",
                "value": 71,
                "unit": "bpm",
                "timestamp": (now - timedelta(hours=1)).isoformat(),
            },
            {"sensor_type": "blood_pressure", "value": "120/80", "unit": "mmHg", "timestamp": now.isoformat()},
            {"sensor_type": "temperature", "value": 20, "unit": "°C", "timestamp": now.isoformat()},
        ]
        sent = httpx.post(
            f"{live_url}/api/v1/devices/ARGUS_001234/readings",
            headers={"X-API-Key": northside.device_key},
            json={"readings": rows},
        ).json()
        of_device = ours.next()
        entered = httpx.post(
            f"{live_url}/api/v1/health/metrics",
            headers={"Authorization": f"Bearer {northside.access_token('owner')}"},
            json={"patient": "user_5678", "metricType": "body_temperature", "value": 98.6, "unit": "°F"},
        ).json()
        of_person = ours.next()
        post(live_url, southside, glucoseValue=77)
        assert theirs.next()["type"] == "reading.created"

    assert (of_device["type"], of_device["patient"], of_device["device"]) == (
        "vital.created",
        "user_5678",
        "ARGUS_001234",
    )
    assert of_device["data"] == {
        "id": sent["results"][1]["id"],
        "metricType": "blood_pressure",
        "timestamp": of_device["data"]["timestamp"],
        "value": "120/80",
        "unit": "mmHg",
        "source": "device",
    }
    assert (of_person["data"]["id"], of_person["data"]["value"]) == (entered["id"], 37)
    assert "device" not in of_person
