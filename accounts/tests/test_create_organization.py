from __future__ import annotations

import pytest

from accounts.models import Membership, User
from tenancy.directory import all_organizations, organization_by_code
from tenancy.models import Organization
from tenancy.scope import organization_scope
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db


def test_makes_a_clinic_with_its_owner_and_prints_a_link_instead_of_a_password():
    result = run_command(
        "create_organization", "eastside", "Eastside Clinic", "--owner", "anna@eastside.example",
        "--timezone", "Europe/Berlin", "--unit", "mmol/L",
    )  # fmt: skip

    assert result.error == ""
    assert "http://127.0.0.1:8000/account/set-password/" in result.out
    identity = organization_by_code("eastside")
    assert identity is not None
    with organization_scope(identity.id):
        organization = Organization.objects.get(pk=identity.id)
        owner = Membership.objects.get()
    assert (organization.timezone, organization.glucose_unit) == ("Europe/Berlin", "mmol/L")
    assert (owner.email, owner.role) == ("anna@eastside.example", "owner")
    assert not User.objects.get_by_natural_key(owner.email).has_usable_password()


def test_an_owner_who_has_an_account_keeps_its_password(northside: Clinic):
    result = run_command("create_organization", "eastside", "Eastside", "--owner", northside.people["owner"].email)

    assert "has an account already" in result.out
    assert "set-password" not in result.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("northside", "Again", "--owner", "anna@example.org"), "There is an organization 'northside' already."),
        (("East Side", "East", "--owner", "anna@example.org"), "Small letters, digits and hyphens."),
        (("eastside", "East", "--owner", "anna"), "Enter a valid email address."),
        (("eastside", "East", "--owner", "a@b.example", "--timezone", "Berlin"), "Berlin is not a time zone"),
        (("eastside", "East", "--owner", "a@b.example", "--unit", "g/L"), "invalid choice: 'g/L'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(northside: Clinic, arguments: tuple[str, ...], sentence: str):
    result = run_command("create_organization", *arguments)

    assert sentence in result.error
    assert [organization.code for organization in all_organizations()] == ["northside"]
