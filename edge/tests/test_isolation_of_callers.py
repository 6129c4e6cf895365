"""The data plane and Django take a credential for the same person or key, whatever has become of them meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.access_tokens import make_access_token, read_access_token
from accounts.models import RefreshFamily, User
from accounts.organizations import change_organization
from accounts.principals import PersonPrincipal, signed_in_principal
from accounts.roles import SUPPORT, Role
from accounts.services import add_member, change_member, in_own_scope, set_password
from accounts.signing import AccessClaims
from accounts.support import end_access
from devices.authentication import device_principal
from devices.models import DeviceKey
from devices.services import issue_key, revoke_key
from edge.callers import Principal
from edge.requests import Request
from edge.routes import ROUTES
from edge.tests.asking import Sent
from patients.beyond import HiddenPatient
from patients.care_team import remove_from_care_team
from patients.emergency import open_emergency_access
from tenancy.managers import audited_elsewhere
from tenancy.scope import scoped
from tests.clinics import SECOND_PATIENT, Clinic
from tests.data_plane import ask_the_data_plane

pytestmark = [pytest.mark.django_db, pytest.mark.promise(1, 14, 20)]
PEOPLE = (*Role.values, SECOND_PATIENT, SUPPORT)


def on_the_data_plane(headers: dict[str, str]) -> Principal | None:
    request = Request(Sent("GET", "/", headers).scope(), _nothing, ROUTES[-1], {})
    return ask_the_data_plane(lambda edge: edge._callers.principal_of(request))


async def _nothing() -> dict[str, Any]:
    return {}


def by_token(claims: AccessClaims) -> PersonPrincipal | None:
    """Whom both take the token for."""
    token = make_access_token(claims)
    rest = signed_in_principal(claims)
    assert on_the_data_plane({"Authorization": f"Bearer {token}"}) == rest
    return rest


def claims_of(clinic: Clinic, role: str) -> AccessClaims:
    claims = read_access_token(clinic.access_token(role))
    assert claims is not None
    return claims


@pytest.mark.parametrize("limited", [False, True])
def test_people_of_every_role(northside: Clinic, southside: Clinic, limited: bool) -> None:
    with inside(northside):
        change_organization(changes={"assigned_patients_only": limited})
    for role in PEOPLE:
        principal = by_token(claims_of(northside, role))
        assert principal is not None, role
        assert principal.role == (Role.PATIENT if role == SECOND_PATIENT else role)
        is_limited = limited and role in (Role.CLINICIAN, Role.NURSE, Role.VIEWER)
        assert (principal.assigned_patients is not None) == is_limited, role


def test_a_person_of_two_clinics_is_in_the_one_of_the_sign_in(northside: Clinic, southside: Clinic) -> None:
    nurse = northside.people["nurse"]
    with inside(southside):
        southside.people["nurse"] = add_member(email=nurse.email, name="Nurse", role="viewer")
    north, south = claims_of(northside, "nurse"), claims_of(southside, "nurse")
    for claims, clinic, role in ((north, northside, "nurse"), (south, southside, "viewer")):
        principal = by_token(claims)
        assert principal is not None
        assert (principal.organization_id, principal.role) == (clinic.organization.id, role)
    assert by_token(replace(north, organization="southside")) is None
    assert by_token(replace(north, family_id=south.family_id)) is None


def test_claims_that_do_not_belong_together(northside: Clinic, southside: Clinic) -> None:
    """Signed by us, which nobody else can: each part is compared all the same."""
    nurse, owner, other = claims_of(northside, "nurse"), claims_of(northside, "owner"), claims_of(southside, "nurse")
    for claims in (
        replace(nurse, user_public_id=owner.user_public_id),
        replace(nurse, user_public_id=other.user_public_id),
        replace(nurse, family_id=owner.family_id),
        replace(nurse, family_id=other.family_id),
        replace(nurse, family_id=uuid.uuid4()),
        replace(nurse, user_public_id=uuid.uuid4()),
        replace(nurse, organization="southside"),
        replace(nurse, organization="nowhere"),
        replace(nurse, organization=""),
        replace(nurse, user_version=nurse.user_version + 1),
        replace(nurse, user_version=0),
    ):
        assert by_token(claims) is None, claims
    assert by_token(nurse) is not None


def change_account(clinic: Clinic, role: str, **changes: Any) -> None:
    user = user_of(clinic, role)
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(**changes))


def user_of(clinic: Clinic, role: str) -> User:
    user = User.objects.with_id(clinic.user_id(role))
    assert user is not None
    return user


def change_family(clinic: Clinic, role: str, **changes: Any) -> None:
    assert RefreshFamily.objects.filter(user_id=clinic.user_id(role)).update(**changes)


def end_membership(clinic: Clinic, role: str) -> None:
    with inside(clinic):
        change_member(membership=clinic.people[role], changes={"is_active": False})


def end_support(clinic: Clinic, role: str) -> None:
    assert clinic.support is not None
    with inside(clinic):
        assert end_access(access=clinic.support, because="a test")


def set_status(clinic: Clinic, status: str) -> None:
    clinic.organization.status = status
    with inside(clinic), audited_elsewhere("a test"):
        clinic.organization.save()


@contextmanager
def inside(clinic: Clinic) -> Iterator[None]:
    with clinic.scope(), transaction.atomic():
        yield


LONG_AGO = timezone.now() - timedelta(days=1)
# How somebody of a role loses the right to ask.
ENDS: dict[str, tuple[str, Callable[[Clinic, str], Any]]] = {
    "the account is disabled": ("nurse", lambda clinic, role: change_account(clinic, role, is_active=False)),
    "the password is changed": (
        "nurse",
        lambda clinic, role: set_password(user=user_of(clinic, role), password="rain-on-slate-and-sound"),
    ),
    "the sign-in is revoked": ("nurse", lambda clinic, role: change_family(clinic, role, revoked_at=LONG_AGO)),
    "the sign-in is over": ("owner", lambda clinic, role: change_family(clinic, role, expires_at=LONG_AGO)),
    "the sign-in was of another version": ("owner", lambda clinic, role: change_family(clinic, role, user_version=7)),
    "the membership is ended": ("viewer", end_membership),
    "the clinic is suspended": ("patient", lambda clinic, role: set_status(clinic, "suspended")),
    "the clinic is pending": ("owner", lambda clinic, role: set_status(clinic, "pending")),
    "the support's hour is ended": (SUPPORT, end_support),
}


@pytest.mark.parametrize("what", ENDS)
def test_whoever_has_lost_the_right_is_nobody_to_both(northside: Clinic, what: str) -> None:
    role, end = ENDS[what]
    claims = claims_of(northside, role)
    assert by_token(claims) is not None
    end(northside, role)
    assert by_token(claims) is None


def test_what_has_changed_is_the_same_to_both(northside: Clinic) -> None:
    nurse = northside.people["nurse"]
    claims = claims_of(northside, "nurse")
    first, second = (patient.pk for patient in northside.patients)
    with inside(northside):
        change_organization(changes={"assigned_patients_only": True})
        nurse.refresh_from_db()
        remove_from_care_team(patient=northside.patients[1], member=nurse)
    assert seen_by(claims) == ("nurse", (first,))
    with scoped(northside.principal("nurse").scope), transaction.atomic():
        hidden = HiddenPatient(second, northside.patients[1].public_id)
        open_emergency_access(member_id=nurse.pk, patient=hidden, reason="unconscious, at the door", minutes=10)
    assert seen_by(claims) == ("nurse", (first, second))
    with inside(northside):
        change_member(membership=nurse, changes={"role": "admin"})
    assert seen_by(claims) == ("admin", None)


def seen_by(claims: AccessClaims) -> tuple[str, tuple[int, ...] | None]:
    principal = by_token(claims)
    assert principal is not None
    return principal.role, principal.assigned_patients


def texts_of_keys(clinic: Clinic) -> Iterator[tuple[str, bool]]:
    """With whether each is live."""
    with inside(clinic):
        yield issue_key(device=None, expires_at=timezone.now() + timedelta(hours=1)).text, True
        yield issue_key(device=None, expires_at=LONG_AGO).text, False
        revoked = issue_key(device=None)
        revoke_key(key=revoked.key)
        yield revoked.text, False
    yield clinic.device_key, True
    yield clinic.organization_key, True
    yield clinic.device_key[:-1] + ("0" if clinic.device_key[-1] != "0" else "1"), False
    yield "glp_" + "0" * 12 + "_" + "0" * 38, False
    yield "dev-api-key-12345", False  # secret-scan: allow refused outside the demo


def test_keys(northside: Clinic, southside: Clinic) -> None:
    for clinic in (northside, southside):
        for text, is_live in list(texts_of_keys(clinic)):
            assert by_key(text) == is_live, text[:16]
    with inside(northside):
        assert DeviceKey.objects.count() == 5
    set_status(northside, "suspended")
    assert not by_key(northside.device_key)
    assert by_key(southside.device_key)


def by_key(text: str) -> bool:
    """Whether both take it for a key, and for the same one."""
    rest = device_principal(text)
    for headers in ({"X-API-Key": text}, {"Authorization": f"Bearer {text}"}):
        found: Any = on_the_data_plane(headers)
        assert (found is None) == (rest is None)
        if rest is not None:
            assert (found.key_id, found.organization_id, found.device_id) == (
                *(rest.key_id, rest.organization_id),
                rest.device_id,
            )
    return rest is not None


def test_a_key_comes_before_a_token_of_another_clinic(northside: Clinic, southside: Clinic) -> None:
    """As Django has it: one credential decides, the other is not looked at."""
    token = {"Authorization": f"Bearer {northside.access_token('owner')}"}
    with_key: Any = on_the_data_plane({**token, "X-API-Key": southside.device_key})
    assert with_key.organization_id == southside.organization.id
    assert on_the_data_plane({**token, "X-API-Key": "glp_wrong"}) is None
    without: Any = on_the_data_plane({**token, "X-API-Key": ""})
    assert without.organization_id == northside.organization.id
