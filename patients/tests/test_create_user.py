from __future__ import annotations

import pytest

from accounts.models import Membership
from tests.clinics import Clinic
from tests.commands import Result, run_command

pytestmark = pytest.mark.django_db


def create_user(*arguments: str) -> Result:
    return run_command(
        "create_user", "--organization", "northside", "--email", "new@example.org", "--name", "Nia New", *arguments
    )


def test_makes_a_member_of_one_clinic_and_prints_a_link(northside: Clinic, southside: Clinic):
    result = create_user("--role", "nurse")

    assert result.error == ""
    assert "new@example.org is nurse of Northside" in result.out
    assert "/account/set-password/" in result.out
    with northside.scope():
        assert Membership.objects.get(email="new@example.org").name == "Nia New"
    with southside.scope():
        assert not Membership.objects.filter(email="new@example.org").exists()


def test_a_patients_login_is_tied_to_the_clinics_own_patient(northside: Clinic, southside: Clinic):
    result = create_user("--role", "patient", "--patient", "user_9012")

    assert result.error == ""
    with northside.scope():
        assert Membership.objects.get(email="new@example.org").patient_id == northside.patients[1].pk


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--role", "patient"), "needs --patient CODE"),
        (("--role", "patient", "--patient", "user_0"), "The clinic has no patient 'user_0'."),
        (("--role", "nurse", "--patient", "user_5678"), "--patient goes with --role patient only."),
        (("--role", "boss"), "invalid choice: 'boss'"),
        (("--role", "nurse", "--email", "owner@northside.example"), "already"),
        (("--role", "nurse", "--email", "nobody"), "valid email"),
        (("--role", "nurse", "--organization", "nowhere"), "There is no organization 'nowhere'. Known: northside."),
    ],
)
def test_what_is_wrong_is_said(northside: Clinic, arguments: tuple[str, ...], sentence: str):
    with northside.scope():
        before = Membership.objects.count()

    result = create_user(*arguments)

    assert sentence in result.error
    with northside.scope():
        assert Membership.objects.count() == before
