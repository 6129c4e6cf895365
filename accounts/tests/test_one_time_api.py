from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import SupportAccess, User
from accounts.one_time.services import has_device
from accounts.services import add_member
from accounts.tasks import mail_second_factor_disabled_task
from tests.clinics import PASSWORD
from tests.rest import NO_CREDENTIALS, problems, send
from tests.second_factor import code_for, set_up_second_factor

pytestmark = pytest.mark.promise(24)

OTP = "/api/v1/auth/otp"
WRITES = {
    "enrol": {"password": PASSWORD},
    "confirm": {"code": "123456"},
    "disable": {"password": PASSWORD, "code": "123456"},
    "recovery-codes": {"password": PASSWORD, "code": "123456"},
}


def person(clinic, role="nurse") -> User:
    user = User.objects.with_id(clinic.people[role].user_id)
    assert user
    return user


def test_from_nothing_to_recovery_codes(northside):
    api = northside.api("nurse")
    assert api.get(OTP).json() == {"enabled": False, "confirmedAt": None, "recoveryCodesLeft": 0, "needed": False}
    begun = send(api, "POST", f"{OTP}/enrol", {"password": PASSWORD}).json()
    assert begun["otpauthUri"].startswith("otpauth://totp/Glucose%20Platform%3Anurse%40northside.example?secret=")
    assert begun["secret"] in begun["otpauthUri"]
    assert begun["qrSvg"].startswith("<svg")
    assert api.get(OTP).json()["enabled"] is False
    confirmed = send(api, "POST", f"{OTP}/confirm", {"code": code_for(begun["secret"])})
    assert confirmed.status_code == 200
    assert confirmed.headers["Cache-Control"] == "no-store"
    state = api.get(OTP).json()
    assert (state["enabled"], state["recoveryCodesLeft"]) == (True, 10)
    codes = confirmed.json()["recoveryCodes"]
    renewed = send(api, "POST", f"{OTP}/recovery-codes", {"password": PASSWORD, "code": codes[0]}).json()
    assert not set(renewed["recoveryCodes"]) & set(codes)
    assert send(api, "POST", f"{OTP}/disable", {"password": PASSWORD, "code": codes[1]}).status_code == 422
    answer = send(api, "POST", f"{OTP}/disable", {"password": PASSWORD, "code": renewed["recoveryCodes"][1]})
    assert answer.status_code == 204
    assert api.get(OTP).json()["enabled"] is False


def test_a_token_alone_changes_nothing(northside):
    api, user = northside.api("nurse"), person(northside)
    wrong = {"password": "not the password"}
    assert problems(send(api, "POST", f"{OTP}/enrol", wrong)) == [("wrong_password", ["body", "password"])]
    phone = set_up_second_factor(user)
    code = code_for(phone.secret, steps=1)
    for path in ("disable", "recovery-codes"):
        refused = send(api, "POST", f"{OTP}/{path}", {**wrong, "code": code})
        assert problems(refused) == [("wrong_password", ["body", "password"])]
        assert code not in refused.content.decode()
        refused = send(api, "POST", f"{OTP}/{path}", {"password": PASSWORD, "code": "000000"})
        assert problems(refused) == [("wrong_code", ["body", "code"])]
    assert has_device(user)


def test_guessing_is_slowed_for_the_person(northside):
    api = northside.api("nurse")
    set_up_second_factor(person(northside))
    body = {"password": "not the password", "code": "000000"}
    answers = [send(api, "POST", f"{OTP}/disable", body) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert send(api, "POST", f"{OTP}/disable", {**body, "password": PASSWORD}).status_code == 429


@pytest.mark.promise(20)
def test_the_right_password_does_not_clear_the_count_of_wrong_codes(northside):
    api = northside.api("nurse")
    phone = set_up_second_factor(person(northside))
    wrong = {"password": PASSWORD, "code": "000000"}
    for _ in range(5):
        assert send(api, "POST", f"{OTP}/disable", wrong).status_code == 422
    right = {"password": PASSWORD, "code": phone.recovery_codes[0]}
    assert send(api, "POST", f"{OTP}/disable", right).status_code == 429
    assert has_device(person(northside))


def test_staff_keep_the_second_factor_that_they_need(northside, southside, settings):
    """Also in the clinic where they are a patient: the account is one."""
    settings.STAFF_SECOND_FACTOR = "required"
    with southside.scope(), transaction.atomic():
        add_member(email="patient@northside.example", name="Nurse there", role="nurse")
    for role in ("nurse", "patient"):
        phone = set_up_second_factor(person(northside, role))
        body = {"password": PASSWORD, "code": phone.recovery_codes[0]}
        assert send(northside.api(role), "POST", f"{OTP}/disable", body).status_code == 409
        assert has_device(person(northside, role))


def test_what_does_not_fit_the_state_is_said(northside):
    api = northside.api("nurse")
    for path in ("disable", "recovery-codes"):
        assert send(api, "POST", f"{OTP}/{path}", WRITES[path]).status_code == 409
    assert send(api, "POST", f"{OTP}/confirm", {"code": "123456"}).status_code == 422
    set_up_second_factor(person(northside))
    assert send(api, "POST", f"{OTP}/enrol", WRITES["enrol"]).status_code == 409
    assert problems(send(api, "POST", f"{OTP}/enrol", {})) == [("missing", ["body", "password"])]


def test_everybody_has_their_own(northside, southside):
    set_up_second_factor(person(northside))
    assert northside.api("patient").get(OTP).json()["enabled"] is False
    assert southside.api("nurse").get(OTP).json()["enabled"] is False
    assert northside.api("nurse").get(OTP).json()["enabled"] is True


@pytest.mark.parametrize("path", list(WRITES))
def test_nobody_unknown_gets_anywhere(client, db, path):
    answer = send(client, "POST", f"{OTP}/{path}", WRITES[path])
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)


def test_disabling_is_mailed_and_the_message_names_only_the_id(
    northside, monkeypatch, django_capture_on_commit_callbacks
):
    phone = set_up_second_factor(person(northside))
    sent = []
    monkeypatch.setattr(mail_second_factor_disabled_task, "apply_async", lambda **more: sent.append(more["kwargs"]))
    with django_capture_on_commit_callbacks(execute=True):
        body = {"password": PASSWORD, "code": phone.recovery_codes[0]}
        assert send(northside.api("nurse"), "POST", f"{OTP}/disable", body).status_code == 204
    assert sent == [{"user_id": northside.people["nurse"].user_id}]
    mail_second_factor_disabled_task(**sent[0])
    (message,) = mail.outbox
    assert message.to == ["nurse@northside.example"]
    assert "second factor" in message.subject


def test_the_clinic_reads_who_entered_and_ends_it(northside, southside):
    path = "/api/v1/organizations/current/support-access"
    with northside.scope():
        now = timezone.now()
        SupportAccess.objects.all().update(ended_at=None, expires_at=now + timedelta(minutes=9), begins_at=now)
    (shown,) = northside.api("owner").get(path).json()["items"]
    assert set(shown) == {"id", "name", "email", "reason", "beginsAt", "expiresAt", "endedAt"}
    assert shown["reason"] == "CANARY-NORTH"
    for role in ("clinician", "nurse", "viewer", "patient"):
        assert northside.api(role).get(path).status_code == 403
        assert northside.api(role).delete(f"{path}/{shown['id']}").status_code == 403
    assert southside.api("owner").delete(f"{path}/{shown['id']}").status_code == 404
    assert northside.api("admin").delete(f"{path}/{shown['id']}").status_code == 204
    assert northside.api("admin").delete(f"{path}/{shown['id']}").status_code == 409
