"""What holds for every REST write and list: nothing is ignored, codes are taken once, cursors are not trusted."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.clinics import Clinic
from tests.rest import problems, rows, send

NEVER_WRITABLE = ["id", "organization", "organization_id", "organizationId", "publicId", "public_id", "createdAt", "pk"]
WRITES = {
    "patient": ("POST", "/api/v1/patients", {"code": "new_1", "firstName": "New", "lastName": "Person"}),
    "patient changed": ("PATCH", "/api/v1/patients/user_5678", {"room": "12"}),
    "device": ("POST", "/api/v1/devices", {"code": "NEW_1"}),
    "device changed": ("PATCH", "/api/v1/devices/ARGUS_001234", {"name": "New"}),
    "device replaced": ("PUT", "/api/v1/devices/ARGUS_001234", {"code": "ARGUS_001234"}),
    "assignment": ("POST", "/api/v1/devices/ARGUS_001234/assignments", {"patient": "user_9012"}),
    "key": ("POST", "/api/v1/devices/ARGUS_001234/keys", {}),
    "member": ("POST", "/api/v1/users", {"email": "a@b.example", "name": "New", "role": "nurse"}),
    "member changed": ("PATCH", "/api/v1/users/user_5678", {"name": "New"}),
    "self": ("PATCH", "/api/v1/users/me", {"name": "New"}),
}
LISTS = [
    "/api/v1/patients",
    "/api/v1/devices",
    "/api/v1/users",
    "/api/v1/devices/ARGUS_001234/keys",
    "/api/v1/devices/ARGUS_001234/assignments",
]


@pytest.mark.django_db
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.promise(9)
def test_a_write_refuses_what_it_would_ignore(northside: Clinic, southside: Clinic, write: str) -> None:
    method, path, body = WRITES[write]
    before, others = rows(northside), rows(southside)
    extra = dict.fromkeys(NEVER_WRITABLE, southside.organization.id)
    answer = send(northside.api("owner"), method, path, {**body, **extra})
    assert problems(answer) == [("extra_forbidden", ["body", name]) for name in NEVER_WRITABLE]
    assert (rows(northside), rows(southside)) == (before, others)
    assert send(northside.api("owner"), method, path, body).status_code in {200, 201}


@pytest.mark.django_db
def test_extra_and_wrong_fields_are_told_together(northside: Clinic) -> None:
    answer = send(northside.api("owner"), "POST", "/api/v1/patients", {"firstname": "New", "targetLow": 20})
    assert set(map(str, problems(answer))) == {
        "('extra_forbidden', ['body', 'firstname'])",
        "('missing', ['body', 'code'])",
        "('missing', ['body', 'firstName'])",
        "('missing', ['body', 'lastName'])",
        "('min_value', ['body', 'targetLow'])",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_refused(northside: Clinic, body: Any) -> None:
    answer = northside.api("owner").generic("POST", "/api/v1/devices", str(body).lower(), "application/json")
    assert answer.status_code in {400, 422}


@pytest.mark.django_db
@pytest.mark.promise(42)
def test_a_limit_is_a_number_from_1_to_1000(northside: Clinic) -> None:
    api = northside.api("owner")
    for path in LISTS:
        for limit in ("0", "-1", "1001", "abc", "", "1e9", "٣", "9" * 4400):
            assert problems(api.get(path, {"limit": limit})) == [("invalid", ["query", "limit"])], limit
        assert len(api.get(path, {"limit": "1"}).json()["items"]) == 1


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime")
@pytest.mark.promise(38)
def test_a_forged_cursor_is_no_fault_of_ours(northside: Clinic) -> None:
    api = northside.api("owner")
    for path in LISTS:
        for position in ("p=\x00", "p=abc", "p=9" + "9" * 40, "o=-5", "o=abc", "r=1&p=0001-01-01"):
            cursor = base64.b64encode(quote(position, safe="=&").encode()).decode()
            assert api.get(path, {"cursor": cursor}).status_code in {200, 404}, position
        for cursor in ("%%%", "é", "cD0", "\x00"):
            answer = api.get(path, {"cursor": cursor})
            assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid cursor"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/api/v1/patients", "archived", "yes"),
        ("/api/v1/patients", "search", "\x00"),
        ("/api/v1/patients", "search", "x" * 101),
        ("/api/v1/devices", "status", "broken"),
        ("/api/v1/devices", "kind", "\x00"),
        ("/api/v1/users", "role", "king"),
        ("/api/v1/users", "active", "1"),
    ],
)
@pytest.mark.promise(38)
def test_filters_are_not_guessed(northside: Clinic, path: str, name: str, value: str) -> None:
    ((_, place),) = problems(northside.api("owner").get(path, {name: value}))
    assert place == ["query", name]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", ["patient", "device", "member"])
def test_of_two_writes_with_one_code_one_wins(live_url: str, northside: Clinic, write: str) -> None:
    """The check before the insert sees nothing in most of them; the constraint decides, and that is a 409 too."""
    _, path, body = WRITES[write]
    headers = {"Authorization": f"Bearer {northside.access_token('owner')}"}
    with ThreadPoolExecutor(8) as pool, httpx.Client(base_url=live_url, headers=headers, timeout=30) as http:
        answers = list(pool.map(lambda _: http.post(path, json=body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    (text,) = {answer.text for answer in answers if answer.status_code == 409}
    assert "already" in text


@pytest.mark.django_db
def test_pages_follow_each_other_without_a_gap(northside: Clinic) -> None:
    api = northside.api("owner")
    for number in range(5):
        send(api, "POST", "/api/v1/devices", {"code": f"NEW_{number}"})
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = api.get("/api/v1/devices", {"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        assert set(answer) == {"items", "next"}
        seen += [item["code"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == ["ARGUS_001234", "ARGUS_002468", *[f"NEW_{number}" for number in range(5)]]
