from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django_otp.oath import totp

from accounts.models import OneTimeDevice, RecoveryCode, User
from accounts.one_time import codes
from accounts.one_time.services import (
    confirm,
    disable,
    enrol,
    has_device,
    pending_enrolment,
    recovery_codes_left,
    renew_recovery_codes,
    verify,
    wait_before_next_code,
)
from audit.models import Entry
from tenancy.scope import person_scope
from tests.second_factor import code_for, set_up_second_factor

pytestmark = pytest.mark.promise(24)


def person(clinic, role="nurse") -> User:
    user = User.objects.with_id(clinic.people[role].user_id)
    assert user
    return user


def test_a_device_counts_once_a_code_has_confirmed_it(northside):
    user = person(northside)
    enrolment = enrol(user=user)
    assert not has_device(user)
    with pytest.raises(ValidationError, match="not right"):
        confirm(user=user, code="000000" if code_for(enrolment.secret) != "000000" else "111111")
    assert len(confirm(user=user, code=code_for(enrolment.secret))) == 10
    assert has_device(user)
    assert not has_device(person(northside, "viewer"))


def test_a_code_is_good_once_and_in_its_time(northside):
    user = person(northside)
    secret = set_up_second_factor(user).secret
    assert not verify(user, code_for(secret)), "the code that confirmed the device"
    later = code_for(secret, steps=1)
    assert verify(user, f" {later[:3]} {later[3:]}")
    assert not verify(user, later)
    assert not verify(user, code_for(secret, steps=3)), "more than a minute ahead"


def test_an_earlier_code_is_refused_after_a_later_one(northside):
    user = person(northside)
    secret = set_up_second_factor(user).secret
    with person_scope(user.pk):
        OneTimeDevice.objects.filter(user=user).update(last_step=0)
    assert verify(user, code_for(secret, steps=1))
    assert not verify(user, code_for(secret))
    assert not verify(user, code_for(secret, steps=-1))


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_with_one_code_one_wins(northside):
    user = person(northside)
    device = set_up_second_factor(user)
    code = code_for(device.secret, steps=1)

    def use(_: int) -> bool:
        try:
            return verify(user, code)
        finally:
            connections.close_all()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr("accounts.one_time.services.allow", lambda *_: None)
        assert sum(pool.map(use, range(8))) == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_with_one_recovery_code_one_wins(northside):
    user = person(northside)
    code = set_up_second_factor(user).recovery_codes[0]

    def use(_: int) -> bool:
        try:
            return verify(user, code)
        finally:
            connections.close_all()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr("accounts.one_time.services.allow", lambda *_: None)
        assert sum(pool.map(use, range(8))) == 1


def test_recovery_codes_work_once_each_and_not_after_new_ones(northside):
    user = person(northside)
    recovery = set_up_second_factor(user).recovery_codes
    assert verify(user, recovery[0].upper().replace("-", " "))
    assert not verify(user, recovery[0])
    assert recovery_codes_left(user) == 9
    fresh = renew_recovery_codes(user=user)
    assert not verify(user, recovery[1])
    assert verify(user, fresh[1])
    assert not set(recovery) & set(fresh)


def test_one_persons_codes_are_not_anothers(northside):
    nurse, viewer = person(northside), person(northside, "viewer")
    first, second = set_up_second_factor(nurse), set_up_second_factor(viewer)
    assert not verify(nurse, second.recovery_codes[0])
    assert not verify(nurse, code_for(second.secret, steps=1))
    assert verify(nurse, first.recovery_codes[0])


def test_after_five_wrong_codes_the_right_one_waits(northside):
    user = person(northside)
    secret = set_up_second_factor(user).secret
    right = code_for(secret, steps=1)
    for _ in range(5):
        assert not verify(user, "123456" if right != "123456" else "654321")
    assert not verify(user, right)
    assert wait_before_next_code(user)
    assert wait_before_next_code(person(northside, "viewer")) is None


def test_a_right_code_forgets_the_wrong_ones(northside):
    user = person(northside)
    recovery = set_up_second_factor(user).recovery_codes
    for code in recovery:
        assert not verify(user, "no code")
        assert verify(user, code)


def test_nothing_in_the_database_makes_a_code(northside):
    user = person(northside)
    device = set_up_second_factor(user)
    with person_scope(user.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text FROM accounts_onetimedevice t UNION ALL SELECT t::text FROM accounts_recoverycode t"
        )
        rows = "".join(row for (row,) in cursor.fetchall())
    for plain in (device.secret, device.secret.lower(), device.secret.encode().hex(), device.recovery_codes[0]):
        assert plain not in rows
        assert codes.plain(plain) not in rows


def test_the_database_shows_a_person_nobody_elses(northside):
    nurse, viewer = person(northside), person(northside, "viewer")
    set_up_second_factor(nurse)
    with person_scope(viewer.pk):
        assert OneTimeDevice.objects.count() == RecoveryCode.objects.count() == 0
    with person_scope(nurse.pk):
        assert OneTimeDevice.objects.count() == 1


def test_a_secret_that_two_know_is_none(northside):
    """Whoever begins again, with the password, does not get to see what the first one scanned."""
    user = person(northside)
    first = enrol(user=user)
    second = enrol(user=user)
    assert first.secret != second.secret
    assert pending_enrolment(user, first.public_id) is None
    with pytest.raises(ValidationError):
        confirm(user=user, code=code_for(second.secret), public_id=first.public_id)
    with pytest.raises(ValidationError):
        confirm(user=user, code=code_for(first.secret), public_id=second.public_id)


def test_a_second_device_needs_the_first_to_go(northside):
    user = person(northside)
    set_up_second_factor(user)
    with pytest.raises(ValidationError, match="already"):
        enrol(user=user)
    assert disable(user=user, reason="lost")
    assert not has_device(user)
    assert recovery_codes_left(user) == 0
    assert not disable(user=user, reason="again")


def test_each_clinic_reads_of_it(northside, southside):
    user = person(northside)
    set_up_second_factor(user)
    disable(user=user, reason="lost")
    with northside.scope():
        told = list(Entry.objects.filter(action="second_factor").order_by("id").values_list("reason", "object_id"))
    assert told == [("set up", str(user.public_id)), ("lost", str(user.public_id))]
    with southside.scope():
        assert not Entry.objects.filter(action="second_factor").exists()


def test_the_codes_are_those_of_every_app():
    """RFC 6238, appendix B, of which apps show the last six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert f"{totp(b'12345678901234567890', t0=int(time.time()) - 59):06}" == "287082"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: 1_111_111_109)
        assert codes.step_of(secret=secret, code="081804", after=0) == 1_111_111_109 // 30
        assert codes.step_of(secret=secret, code="081805", after=0) is None
    assert codes.otpauth_uri(secret="ABC", email="a b@c.example") == (
        "otpauth://totp/Glucose%20Platform%3Aa%20b%40c.example?secret=ABC&issuer=Glucose%20Platform"
    )
