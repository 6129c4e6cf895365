"""Who may call the routes of people, patients, devices and keys: every role, nobody, a device, the other clinic."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from accounts.roles import Role
from devices.models import DeviceKey
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, INVALID_TOKEN, NO_CREDENTIALS, NOT_FOUND, rows, send

pytestmark = pytest.mark.django_db

MANAGERS = {"owner", "admin"}
CARERS = MANAGERS | {"clinician", "nurse"}
STAFF = CARERS | {"viewer"}

# method, path, body, who may, and the status that they get
TABLE = [
    ("GET", "/api/v1/users", None, MANAGERS, 200),
    ("POST", "/api/v1/users", {"email": "new@person.example", "name": "New", "role": "nurse"}, MANAGERS, 201),
    ("GET", "/api/v1/users/{user}", None, MANAGERS, 200),
    ("PATCH", "/api/v1/users/{user}", {"name": "Changed"}, MANAGERS, 200),
    ("DELETE", "/api/v1/users/{user}", None, MANAGERS, 204),
    ("GET", "/api/v1/patients", None, STAFF, 200),
    ("POST", "/api/v1/patients", {"code": "new_1", "firstName": "New", "lastName": "Person"}, CARERS, 201),
    ("GET", "/api/v1/patients/user_9012", None, STAFF, 200),
    ("PATCH", "/api/v1/patients/user_9012", {"room": "12"}, CARERS, 200),
    ("DELETE", "/api/v1/patients/user_9012", None, MANAGERS, 204),
    ("GET", "/api/v1/devices", None, STAFF, 200),
    ("POST", "/api/v1/devices", {"code": "NEW_1"}, MANAGERS, 201),
    ("GET", "/api/v1/devices/ARGUS_002468", None, STAFF, 200),
    ("PUT", "/api/v1/devices/ARGUS_002468", {"code": "ARGUS_002468", "name": "Changed"}, CARERS, 200),
    ("PATCH", "/api/v1/devices/ARGUS_002468", {"name": "Changed"}, CARERS, 200),
    ("DELETE", "/api/v1/devices/ARGUS_002468", None, MANAGERS, 204),
    ("GET", "/api/v1/devices/ARGUS_002468/status", None, STAFF, 200),
    ("GET", "/api/v1/devices/ARGUS_002468/health", None, STAFF, 200),
    ("GET", "/api/v1/devices/ARGUS_002468/assignments", None, STAFF, 200),
    ("POST", "/api/v1/devices/ARGUS_002468/assignments", {"patient": "user_5678"}, CARERS, 201),
    ("DELETE", "/api/v1/devices/ARGUS_002468/assignments/current", None, CARERS, 204),
    ("GET", "/api/v1/devices/ARGUS_002468/keys", None, MANAGERS, 200),
    ("POST", "/api/v1/devices/ARGUS_002468/keys", {}, MANAGERS, 201),
    ("POST", "/api/v1/keys/{key}/rotate", None, MANAGERS, 201),
    ("DELETE", "/api/v1/keys/{key}", None, MANAGERS, 204),
]
IDS = [f"{method} {path}" for method, path, *_ in TABLE]


def filled(path: str, clinic: Clinic) -> str:
    with clinic.scope(), transaction.atomic():
        key = DeviceKey.objects.get(device=clinic.devices[0])
    return path.format(user=clinic.people["viewer"].user_public_id, key=key.public_id)


@pytest.mark.parametrize(("method", "path", "body", "allowed", "status"), TABLE, ids=IDS)
def test_each_role_may_what_the_table_says(
    northside: Clinic, southside: Clinic, method: str, path: str, body, allowed: set[str], status: int
) -> None:
    path = filled(path, northside)
    before, others = rows(northside), rows(southside)
    # A viewer reaches the example person of {user}: that is the viewer's own row, tested apart.
    for role in sorted(set(Role.values) - allowed - ({"viewer"} if "/users/" in path else set())):
        answer = send(northside.api(role), method, path, body)
        assert (role, answer.status_code, answer.json()) == (role, 403, FORBIDDEN)
    for client in (northside.device_api(), northside.device_api(northside.organization_key)):
        answer = send(client, method, path, body)
        assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)
    answer = send(Client(), method, path, body)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    assert rows(northside) == before

    answer = send(northside.api(sorted(allowed)[0]), method, path, body)
    assert answer.status_code == status, answer.content
    assert "SOUTH" not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (rows(northside) != before) == (method != "GET")
    assert rows(southside) == others


@pytest.mark.parametrize("role", sorted(CARERS))
@pytest.mark.parametrize(
    "path", ["/api/v1/patients", "/api/v1/devices", "/api/v1/devices/ARGUS_001234", "/api/v1/patients/user_5678"]
)
def test_every_carer_sees_the_own_clinic(northside: Clinic, southside: Clinic, role: str, path: str) -> None:
    answer = northside.api(role).get(path)
    assert answer.status_code == 200
    assert "CANARY-NORTH" in answer.content.decode()
    assert "CANARY-SOUTH" not in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [(method, path, body) for method, path, body, *_ in TABLE if "{" in path or path.count("/") > 3],
)
@pytest.mark.promise(12, 13)
def test_the_other_clinics_ids_answer_as_unknown_ones(
    northside: Clinic, southside: Clinic, method: str, path: str, body
) -> None:
    """Codes that only the other clinic has, and its UUIDs."""
    send(southside.api("owner"), "POST", "/api/v1/patients", {"code": "only_south", "firstName": "A", "lastName": "B"})
    send(southside.api("owner"), "POST", "/api/v1/devices", {"code": "ONLY_SOUTH"})
    before = rows(southside)
    foreign = filled(path, southside).replace("user_9012", "only_south").replace("ARGUS_002468", "ONLY_SOUTH")
    unknown = path.format(user="00000000-0000-4000-8000-000000000000", key="00000000-0000-4000-8000-000000000000")
    unknown = unknown.replace("user_9012", "nowhere").replace("ARGUS_002468", "NOWHERE")
    api = northside.api("owner")
    answers = [send(api, method, place, body) for place in (foreign, unknown)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, NOT_FOUND)] * 2
    assert answers[0].content == answers[1].content
    assert rows(southside) == before


def test_foreign_uuids_of_devices_answer_as_unknown(northside: Clinic, southside: Clinic) -> None:
    api = northside.api("owner")
    answer = api.get(f"/api/v1/devices/{southside.devices[0].public_id}")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert api.get(f"/api/v1/devices/{northside.devices[0].public_id}").json()["code"] == "ARGUS_001234"


@pytest.mark.promise(14)
def test_a_changed_role_acts_on_the_token_that_is_out(northside: Clinic) -> None:
    viewer, owner = northside.api("viewer"), northside.api("owner")
    body = {"code": "new_1", "firstName": "New", "lastName": "Person"}
    user = f"/api/v1/users/{northside.people['viewer'].user_public_id}"
    assert send(viewer, "POST", "/api/v1/patients", body).status_code == 403
    assert send(owner, "PATCH", user, {"role": "nurse"}).status_code == 200
    assert send(viewer, "POST", "/api/v1/patients", body).status_code == 201
    assert send(owner, "DELETE", user).status_code == 204
    assert viewer.get("/api/v1/patients").status_code == 401


@pytest.mark.parametrize(
    "path", ["/api/v1/patients/%00", "/api/v1/devices/%00", "/api/v1/users/%00", "/api/v1/users/x%0ay"]
)
@pytest.mark.promise(37)
def test_odd_ids_are_unknown(northside: Clinic, path: str) -> None:
    answer = northside.api("owner").get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/patients/user_5678"),
        ("DELETE", "/api/v1/patients"),
        ("PUT", "/api/v1/users/me"),
        ("DELETE", "/api/v1/users/me"),
        ("GET", "/api/v1/keys/00000000-0000-4000-8000-000000000000"),
        ("OPTIONS", "/api/v1/devices"),
    ],
)
def test_methods_that_no_route_names_are_refused(northside: Clinic, method: str, path: str) -> None:
    assert send(northside.api("owner"), method, path, {}).status_code == 405
