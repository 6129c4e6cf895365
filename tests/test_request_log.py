from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.response import Response

from accounts.models import User
from accounts.services import set_password_link
from tests.clinics import Clinic

# Django's answers, and what the data plane refused: its answers that are well are only counted.
ALL_LOGGED = ["/api/v1/system/version", "/api/v1/users/user_5678/glucose/current"]


@pytest.mark.django_db
@pytest.mark.promise(28, 55)
def test_lines_name_routes_and_neither_patients_nor_secrets(
    northside: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    user = User.objects.get_by_natural_key(northside.people["nurse"].email)
    link = set_password_link(user=user).partition("://")[2].partition("/")[2]
    api = northside.api("nurse")
    api.get("/api/v1/patients", {"search": "Surname-of-a-patient"})
    api.get("/api/v1/patients/user_5678")
    api.get("/api/v1/nothing/user_5678")
    api.get(f"/{link}")
    Client(enforce_csrf_checks=True).post(f"/{link}", {"new_password1": "x"})

    api.get("/api/v1/users/user_5678x/glucose/current")

    text = caplog.text
    assert "GET api/v1/patients/<str:code>" in text
    assert "GET api/v1/users/<str:userId>/glucose/current" in text
    for hidden in ("Surname-of-a-patient", "user_5678", link.split("/")[-2]):
        assert hidden not in text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/v1/users/user_0/glucose/current"])
def test_lines_tell_who_asked(northside: Clinic, path: str, caplog: pytest.LogCaptureFixture) -> None:
    northside.api("nurse").get(path)
    assert str(northside.people["nurse"].user_public_id) in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ALL_LOGGED)
@pytest.mark.parametrize("sent", ["abc-1.2_3", "0" * 64])
def test_a_request_keeps_the_id_that_it_came_with(
    client: Client, path: str, sent: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get(path, headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent
    assert sent in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/system/version", "/health"])
@pytest.mark.parametrize("sent", [None, "", "a b", "a\nforged line", 'x","level":"error', "x" * 65])
@pytest.mark.promise(55)
def test_a_request_without_a_fit_id_gets_one(client: Client, path: str, sent: Any) -> None:
    headers = {} if sent is None else {"X-Request-ID": sent}
    given = client.get(path, headers=headers).headers["X-Request-ID"]
    assert given != sent
    assert len(given) == 36


@pytest.mark.django_db
@pytest.mark.parametrize("path", ALL_LOGGED)
@pytest.mark.parametrize(("trusted", "told"), [(False, "127.0.0.1"), (True, "192.0.2.7")])
@pytest.mark.promise(53)
def test_the_address_is_the_proxys_word_only_where_there_is_one(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture, path: str, trusted: bool, told: str
) -> None:
    settings.TRUST_PROXY = trusted
    client.get(path, headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.7"})
    assert f"'ip': '{told}'" in caplog.text
    assert "198.51.100.1" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_statements_tell_the_database_whose_they_are(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the server has them: what runs, and under which name."""
    asked: list[tuple[str, str]] = []

    def look(self: Any, request: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT query, application_name FROM pg_stat_activity WHERE pid = pg_backend_pid() AND %s", [True]
            )
            asked.append(cursor.fetchone())
        return Response({})

    monkeypatch.setattr("glucose_platform.system.VersionView.get", look)
    Client().get("/api/v1/system/version", headers={"X-Request-ID": "ward-7.request_1"})
    # What could end the comment is no request id, and gets one of ours.
    Client().get("/api/v1/system/version", headers={"X-Request-ID": "x*/ DROP TABLE y;--"})
    (first, name), (second, _) = asked
    assert first.endswith(" /* request_id=ward-7.request_1 */")
    assert re.search(r" /\* request_id=[0-9a-f-]{36} \*/$", second)
    assert name == "glucose-command"
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        assert "request_id" not in cursor.fetchone()[0]
