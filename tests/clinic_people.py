"""Rows about people that every clinic of the tests has: what was asked, agreed to, and looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accounts.models import Invitation, RemovalRequest, SupportAccess
from patients.models import CareTeamMember, Consent, EmergencyAccess

if TYPE_CHECKING:
    from tests.clinics import Clinic

AN_HOUR = timedelta(hours=1)


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
            given_at=now,
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
