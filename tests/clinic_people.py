"""Rows about people that every clinic of the tests has: what was asked, agreed to, and looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from django.contrib.auth.hashers import make_password

from accounts.models import Invitation, Membership, RemovalRequest, SupportAccess
from accounts.roles import Role
from accounts.services import add_member
from patients.models import CareTeamMember, Consent, EmergencyAccess

if TYPE_CHECKING:
    from tests.clinics import Clinic

AN_HOUR = timedelta(hours=1)
SUPPORT_EMAIL = "support@platform.example"
# Committed by the owner, beside the transaction of a test: the app role makes nobody a person of the support.
_SUPPORT_PERSON = """
    INSERT INTO accounts_user
           (public_id, email, password, is_active, version, created_at, email_verified_at, support_name)
    VALUES (gen_random_uuid(), %(email)s, %(password)s, true, 1, now(), now(), 'Sam Support')
    ON CONFLICT (lower(email)) DO UPDATE SET support_name = 'Sam Support' RETURNING id
"""


def add_people_rows(clinic: Clinic, *, code: str, canary: str) -> None:
    now = datetime.now(UTC)
    owner, nurse, viewer = (clinic.people[role] for role in ("owner", "nurse", "viewer"))
    Invitation.objects.create(
        email=f"invited@{code}.example",
        name=f"Invited {canary}".strip(),
        role="nurse",
        message=canary,
        digest=f"{code:-<32}"[:32].encode(),
        invited_by=owner,
        expires_at=now + timedelta(days=7),
    )
    RemovalRequest.objects.create(member=viewer, requested_by=nurse, reason=canary or "left")
    # Ended: an open one would make a principal of the account.
    SupportAccess.objects.create(
        user_id=owner.user_id,
        name=f"Support {canary}".strip(),
        email="support@platform.example",
        reason=canary or "a question",
        begins_at=now - AN_HOUR,
        expires_at=now,
        ended_at=now,
    )
    for patient in clinic.patients:
        CareTeamMember.objects.create(patient=patient, member=nurse)
        Consent.objects.create(
            patient=patient,
            kind=Consent.Kind.TREATMENT_DATA,
            version="1",
            note=canary,
            given_at=now - timedelta(days=1),
            recorded_by="Nurse",
        )
        EmergencyAccess.objects.create(
            member=nurse,
            patient=patient,
            reason=canary or "unconscious",
            begins_at=now - AN_HOUR,
            expires_at=now,
            ended_at=now,
        )


def make_support_person(*, password: str) -> int:
    """The id of the account, which stays when the test's transaction is rolled back."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        parameters = {"email": SUPPORT_EMAIL, "password": make_password(password)}
        (user_id,) = connection.execute(_SUPPORT_PERSON, parameters).fetchone() or (0,)
    return int(user_id)


def open_support(clinic: Clinic, *, password: str) -> SupportAccess:
    """A person of the platform's support who is in the clinic at this moment. Needs the clinic's scope."""
    now = datetime.now(UTC)
    access: SupportAccess = SupportAccess.objects.create(
        user_id=make_support_person(password=password),
        name="Sam Support",
        email=SUPPORT_EMAIL,
        reason="asked for by the clinic",
        begins_at=now,
        expires_at=now + AN_HOUR,
    )
    return access


def add_second_patient(clinic: Clinic, *, password: str) -> Membership:
    """A login of the clinic's other patient. Needs the clinic's scope."""
    return add_member(
        email=f"second@{clinic.organization.code}.example",
        name="Second Patient",
        role=Role.PATIENT,
        password=password,
        patient_id=clinic.patients[1].id,
    )
