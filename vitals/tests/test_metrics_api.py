from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.roles import Role
from audit.models import Entry
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.models import Measurement
from vitals.rows import MeasurementRow
from vitals.store import store_measurements

METRICS = "/api/v1/health/metrics"
JSON = "application/json"
AT = datetime(2026, 5, 20, 12, tzinfo=UTC)


def enter(clinic: Clinic, role: Role = Role.NURSE, **said: Any) -> Any:
    body = {"patient": "user_5678", "metricType": "body_weight", "value": 70, "unit": "kg", **said}
    sent = {name: value for name, value in body.items() if value is not None}
    return clinic.api(role).post(METRICS, sent, content_type=JSON)


def test_a_measurement_is_entered_found_corrected_and_deleted(northside: Clinic, southside: Clinic) -> None:
    made = enter(northside, value=154.324, unit="lbs", recordedAt=AT.isoformat(), notes="at home").json()
    assert (made["value"], made["unit"], made["enteredValue"], made["enteredUnit"]) == (70.0, "kg", 154.324, "lb")
    assert (made["source"], made["patient"], made["device"], made["updatedAt"]) == ("user", "user_5678", None, None)
    one = f"{METRICS}/{made['id']}"
    assert northside.api(Role.PATIENT).get(one).json() == made
    for method in ("get", "put", "delete"):
        assert getattr(southside.api(Role.OWNER), method)(one).status_code == 404

    later = (AT + timedelta(days=40)).isoformat()
    changed = northside.api(Role.PATIENT).put(one, {"value": 71.5, "unit": "kg", "recordedAt": later}, JSON).json()
    assert (changed["id"], changed["value"], changed["enteredUnit"]) == (made["id"], 71.5, "kg")
    assert changed["recordedAt"].startswith("2026-06-29T12:00:00")
    assert changed["updatedAt"]
    listed = northside.api(Role.NURSE).get(METRICS, {"patient": "user_5678"}).json()
    assert listed == {"items": [changed], "next": None}
    assert southside.api(Role.NURSE).get(METRICS, {"patient": "user_5678"}).json()["items"] == []

    assert northside.api(Role.VIEWER).delete(one).status_code == 403
    assert northside.api(Role.NURSE).delete(one).status_code == 204
    assert northside.api(Role.NURSE).get(one).status_code == 404
    with northside.scope():
        entries = Entry.objects.filter(object_type="vitals.measurement", object_id=made["id"])
        assert {"create", "update", "delete", "read"} <= set(entries.values_list("action", flat=True))


def test_blood_pressure_is_a_pair(northside: Clinic, southside: Clinic) -> None:
    made = enter(northside, metricType="blood_pressure", value=None, unit=None, systolic=120, diastolic=80)
    assert made.json()["value"] == "120/80"
    kilopascal = enter(northside, metricType="blood_pressure", value=None, unit="kPa", systolic=16, diastolic=10.7)
    assert kilopascal.json()["value"] == "120/80"

    refused = [
        enter(northside, metricType="blood_pressure", value=None, unit="mmHg", systolic=120),
        enter(northside, metricType="blood_pressure", value=120, unit="mmHg"),
        enter(northside, metricType="blood_pressure", value=None, unit="mmHg", systolic=80, diastolic=120),
        enter(northside, metricType="blood_pressure", value=None, unit="mmHg", systolic=301, diastolic=80),
        enter(northside, metricType="body_weight", value=70, unit="stone"),
        enter(northside, metricType="body_weight", value=None, unit="kg"),
        enter(northside, metricType="body_weight", value=70, unit="kg", source="device"),
        enter(northside, recordedAt="2099-01-01T00:00:00Z"),
    ]
    both = "For blood_pressure you must provide both 'systolic' and 'diastolic'."
    words = [answer.json()["detail"][0]["msg"] for answer in refused]
    assert {answer.status_code for answer in refused} == {422}
    assert words[:2] == [both, both]
    assert words[2] == "The diastolic value is below the systolic one."
    assert words[3] == "Input should be between 40 and 300 mmHg"
    assert words[4] == "stone is not a unit of body_weight: send kg, g, lb or oz."
    with northside.scope():
        assert Measurement.objects.count() == 2
    with southside.scope():
        assert Measurement.objects.count() == 0


def test_what_a_device_measured_stays(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    with northside.scope():
        (stored,) = store_measurements([MeasurementRow(northside.devices[0].pk, Metric.HEART_RATE, now, 72, "bpm")])
    one = f"{METRICS}/{stored.public_id}"
    seen = northside.api(Role.NURSE).get(one).json()
    assert (seen["value"], seen["source"], seen["device"]) == (72, "device", "ARGUS_001234")
    for answer in (northside.api(Role.NURSE).put(one, {"value": 80}, JSON), northside.api(Role.NURSE).delete(one)):
        assert (answer.status_code, answer.json()["detail"][:17]) == (409, "A device measured")
    assert southside.api(Role.NURSE).get(one).status_code == 404


def test_days_are_those_of_the_patients_zone(northside: Clinic, southside: Clinic) -> None:
    zone = northside.patients[0].zone
    midnight = datetime(2026, 5, 20, tzinfo=zone)
    for minutes in (-1, 0, 1439, 1440):
        enter(northside, recordedAt=(midnight + timedelta(minutes=minutes)).isoformat(), value=70 + minutes / 1440)
    enter(northside, metricType="steps", unit="count", value=10, recordedAt=midnight.isoformat(), source="an app")

    def asked(**query: str) -> Any:
        return northside.api(Role.NURSE).get(METRICS, {"patient": "user_5678", **query})

    day = {"startDate": "2026-05-20", "endDate": "2026-05-20"}
    assert len(asked(**day).json()["items"]) == 3
    assert len(asked(**day, type="body_weight").json()["items"]) == 2
    assert len(asked(source="an app").json()["items"]) == 1
    first = asked(limit="2").json()
    rest = asked(limit="1000", cursor=first["next"]).json()
    instants = [item["recordedAt"] for item in first["items"] + rest["items"]]
    assert len(instants) == 5
    assert instants == sorted(instants, reverse=True)
    alone = asked(startDate="2026-05-20")
    assert (alone.status_code, alone.json()["detail"]) == (400, "Provide both startDate and endDate, or neither.")
    assert asked(startDate="2026-05-21", endDate="2026-05-20").status_code == 400


def test_all_kinds_are_told(northside: Clinic) -> None:
    kinds = {kind["type"]: kind for kind in northside.api(Role.PATIENT).get(f"{METRICS}/types").json()["items"]}
    assert len(kinds) == 43
    assert kinds["blood_pressure"]["diastolic"] == {"low": 30, "high": 200}
    assert kinds["hba1c"]["units"] == ["%", "mmol/mol"]


def test_the_history_has_one_item_per_instant(northside: Clinic, southside: Clinic) -> None:
    for minutes in (0, 5):
        at = (AT + timedelta(minutes=minutes)).isoformat()
        enter(northside, metricType="heart_rate", value=70 + minutes, unit="bpm", recordedAt=at)
        enter(northside, metricType="body_temperature", value=98.6, unit="°F", recordedAt=at)
    path = "/api/v1/patients/user_5678/history"
    found = northside.api(Role.NURSE).get(path).json()
    assert [item["timestamp"][11:16] for item in found] == ["12:05", "12:00"]
    assert [(value["type"], value["value"]) for value in found[0]["values"]] == [
        ("heart_rate", 75),
        ("body_temperature", 37),
    ]
    limited = northside.api(Role.NURSE).get(
        path, {"types": "heart_rate,glucose", "limit": "1", "until": AT.isoformat()}
    )
    assert limited.json() == []
    assert northside.api(Role.NURSE).get(path, {"types": "pulse"}).status_code == 422
    assert southside.api(Role.NURSE).get(path).json() == []
