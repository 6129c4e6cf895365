"""One person's credentials beside another's: the newer sign-in counts, and the former scope does not leak into it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.principals import SESSION_ORGANIZATION
from accounts.services import add_member
from tests.clinics import PASSWORD, Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.promise(1, 14)]


def test_signing_in_while_a_token_of_another_clinic_is_sent(northside: Clinic, southside: Clinic) -> None:
    client = southside.api("owner")
    credentials = {"email": northside.people["nurse"].email, "password": PASSWORD}

    response = client.post("/api/v1/auth/login", credentials, content_type="application/json")

    assert response.status_code == 200, response.content
    token = response.json()["access_token"]
    me = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/auth/me").json()
    assert me["organization"] == "northside"


def test_the_password_form_while_a_device_key_is_sent(northside: Clinic, southside: Clinic) -> None:
    client = southside.device_api()
    form = urlencode({"username": northside.people["nurse"].email, "password": PASSWORD})

    response = client.post("/api/v1/auth/token", form, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200, response.content


def test_refreshing_while_a_token_of_another_clinic_is_sent(northside: Clinic, southside: Clinic) -> None:
    body = {"refresh_token": northside.tokens("nurse").refresh}

    response = southside.api("owner").post("/api/v1/auth/refresh", body, content_type="application/json")

    assert response.status_code == 200, response.content


def test_the_admins_sign_in_while_signed_in_elsewhere(northside: Clinic, southside: Clinic) -> None:
    browser = southside.admin("owner")
    form = {"username": northside.people["nurse"].email, "password": PASSWORD}

    response = browser.post("/admin/login/", form)

    assert response.status_code == 302
    page = browser.get("/admin/patients/patient/").content.decode()
    assert ("CANARY-NORTH" in page) != ("CANARY-SOUTH" in page)


def test_a_session_of_another_clinic_counts_nothing_for_the_api(northside: Clinic) -> None:
    assert northside.admin("owner").get("/api/v1/patients").status_code == 401


def test_a_session_cannot_name_a_clinic_without_a_membership(northside: Clinic, southside: Clinic) -> None:
    browser = northside.admin("owner")
    session = browser.session
    session["organization_id"] = southside.organization.id
    session.save()

    answer = browser.get("/admin/patients/patient/")

    assert (answer.status_code, b"CANARY" in answer.content) == (302, False)


@pytest.mark.parametrize("code", ["southside", "nowhere", ""])
def test_switching_to_a_clinic_without_a_membership_is_refused(northside: Clinic, southside: Clinic, code: str) -> None:
    body = {"organization": code}
    response = northside.api("owner").post("/api/v1/auth/switch-organization", body, content_type="application/json")

    assert response.status_code in (403, 422)
    assert "CANARY" not in response.content.decode()


def test_a_taken_membership_ends_at_once(northside: Clinic) -> None:
    """The token is valid for minutes; what it opens is asked anew with each request."""
    client, browser = northside.api("nurse"), northside.admin("nurse")
    assert client.get("/api/v1/patients").status_code == 200
    assert browser.get("/admin/patients/patient/").status_code == 200
    with northside.scope():
        northside.people["nurse"].is_active = False
        northside.people["nurse"].save()

    assert client.get("/api/v1/patients").status_code == 401
    assert browser.get("/admin/patients/patient/").status_code == 302


def test_who_loses_one_clinic_does_not_go_on_in_another_unasked(northside: Clinic, southside: Clinic) -> None:
    """A form that was opened in the one clinic would be saved in the other."""
    nurse = northside.people["nurse"]
    with southside.scope():
        add_member(email=nurse.email, name="Nurse", role="nurse")
    browser = northside.admin("nurse")
    session = browser.session
    session[SESSION_ORGANIZATION] = northside.organization.id
    session.save()
    with northside.scope():
        nurse.is_active = False
        nurse.save()

    answer = browser.get("/admin/patients/patient/")
    assert (answer.status_code, answer.headers.get("Location", "").partition("?")[0]) == (302, "/admin/login/")


def test_a_suspended_clinic_is_shut_at_once(northside: Clinic) -> None:
    client, device = northside.api("owner"), northside.device_api()
    assert device.get(f"/api/v1/devices/{northside.devices[0].code}/readings").status_code == 200
    with northside.scope():
        northside.organization.status = "suspended"
        northside.organization.save()

    assert client.get("/api/v1/patients").status_code == 401
    assert device.get(f"/api/v1/devices/{northside.devices[0].code}/readings").status_code == 401
