from __future__ import annotations

import pytest

from tests.clinics import PASSWORD, Clinic

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_and_sees_who_they_are(client, northside: Clinic, southside: Clinic) -> None:
    answer = client.post(
        "/api/v1/auth/login",
        {"email": "Nurse@northside.example", "password": PASSWORD},
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert answer.json()["expires_in"] == 600

    me = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    assert me.status_code == 200
    assert (me.json()["role"], me.json()["organization"]) == ("nurse", "northside")
    assert "SOUTH" not in me.text
