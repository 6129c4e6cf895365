"""The second factor over REST. How codes themselves behave: ``accounts/tests/test_one_time.py``."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import refusals
from accounts.models import User
from accounts.roles import Role
from accounts.services import add_member
from accounts.tests.test_lockout import entries
from tests.clinics import PASSWORD, Clinic
from tests.rest import send
from tests.second_factor import Phone, code_for, set_up_second_factor

pytestmark = [pytest.mark.django_db, pytest.mark.promise(24)]


@pytest.fixture
def phone(northside: Clinic) -> Phone:
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    return set_up_second_factor(user)


def login(password: str = PASSWORD, **more: str) -> Any:
    body = {"email": "nurse@northside.example", "password": password, **more}
    return send(Client(), "POST", "/api/v1/auth/login", body)


def test_the_code_is_asked_for_after_the_right_password_only(northside: Clinic, phone: Phone) -> None:
    assert (login().status_code, login().json()) == (401, {"detail": refusals.CODE_NEEDED})
    assert login("wrong", otp=code_for(phone.secret, steps=1)).json() == {"detail": refusals.WRONG_CREDENTIALS}


def test_password_and_code_sign_in_and_a_code_works_once(northside: Clinic, phone: Phone) -> None:
    code = code_for(phone.secret, steps=1)
    assert login(otp=code).status_code == 200
    assert login(otp=code).json() == {"detail": refusals.WRONG_CODE}
    assert [entry.reason for entry in entries(northside)][:1] == ["password and code"]


def test_a_recovery_code_stands_in_once(northside: Clinic, phone: Phone) -> None:
    assert login(otp=phone.recovery_codes[0]).status_code == 200
    assert login(otp=phone.recovery_codes[0]).status_code == 401


def test_the_oauth_form_takes_the_code(northside: Clinic, phone: Phone) -> None:
    body = f"username=nurse%40northside.example&password={PASSWORD}&otp={code_for(phone.secret, steps=1)}"
    answer = Client().post("/api/v1/auth/token", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200


@pytest.mark.promise(20)
def test_the_right_password_does_not_help_to_guess_codes(northside: Clinic, phone: Phone) -> None:
    statuses = [login(otp=f"00000{number}").status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    assert login(otp=code_for(phone.secret, steps=1)).status_code == 429
    assert {entry.reason.partition(";")[0] for entry in entries(northside)} == {"wrong code"}


def test_staff_cannot_go_around_the_second_factor_by_an_app(
    northside: Clinic, southside: Clinic, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    assert (login().status_code, login().json()) == (403, {"detail": refusals.SECOND_FACTOR_FIRST})
    patient = send(Client(), "POST", "/api/v1/auth/login", {"email": "patient@northside.example", "password": PASSWORD})
    assert patient.status_code == 200
    with southside.scope(), transaction.atomic():
        add_member(email="patient@northside.example", name="Nurse there", role=Role.NURSE)
    client = Client(headers={"Authorization": f"Bearer {patient.json()['access_token']}"})
    answer = send(client, "POST", "/api/v1/auth/switch-organization", {"organization": "southside"})
    assert (answer.status_code, answer.json()) == (403, {"detail": refusals.SECOND_FACTOR_FIRST})


def test_a_sign_in_of_before_ends_where_staff_need_a_second_factor_now(northside: Clinic, settings: Any) -> None:
    nurse, patient = northside.tokens("nurse"), northside.tokens("patient")
    settings.STAFF_SECOND_FACTOR = "required"
    path = "/api/v1/auth/refresh"
    refused = send(Client(), "POST", path, {"refresh_token": nurse.refresh})
    assert (refused.status_code, refused.json()) == (403, {"detail": refusals.SECOND_FACTOR_FIRST})
    client = Client(headers={"Authorization": f"Bearer {nurse.access}"})
    assert client.get("/api/v1/auth/me").status_code == 401
    assert send(Client(), "POST", path, {"refresh_token": patient.refresh}).status_code == 200


def test_staff_with_a_second_factor_use_their_app(northside: Clinic, phone: Phone, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    assert login(otp=code_for(phone.secret, steps=1)).status_code == 200
