"""Helpers for tests of invitations."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.invitation_mail import send_invitation
from accounts.models import Invitation, Membership, User
from tests.clinics import Clinic
from tests.rest import send

INVITATIONS = "/api/v1/organizations/current/invitations"
ACCEPT, DECLINE = "/api/v1/auth/invitations/accept", "/api/v1/auth/invitations/decline"
NEWCOMER = "doctor@new.example"
NEW = {"email": NEWCOMER, "name": "Doctor New", "role": "clinician"}
FIRST_PASSWORD = "moss-on-the-northern-wall"


def invite(clinic: Clinic, *, by: str = "owner", **changes: Any) -> Any:
    return send(clinic.api(by), "POST", INVITATIONS, {**NEW, **changes})


def invited(clinic: Clinic, **changes: Any) -> str:
    """The token of the mail that an invitation made just now sends."""
    answer = invite(clinic, **changes)
    assert answer.status_code == 201, answer.content
    return mailed_token(clinic, answer.json()["id"])


def mailed_token(clinic: Clinic, public_id: str) -> str:
    with clinic.scope(), transaction.atomic():
        send_invitation(invitation_id=Invitation.objects.get(public_id=public_id).pk)
    found = re.search(r"/account/invitation/([^/]+)/", str(mail.outbox[-1].body))
    assert found
    return found[1]


def accept(token: str, *, bearer: str = "", **body: Any) -> Any:
    client = Client(headers={"Authorization": f"Bearer {bearer}"}) if bearer else Client()
    return send(client, "POST", ACCEPT, {"token": token, **body})


def sign_in(email: str, password: str) -> int:
    return int(send(Client(), "POST", "/api/v1/auth/login", {"email": email, "password": password}).status_code)


def member(clinic: Clinic, email: str) -> Membership | None:
    with clinic.scope(), transaction.atomic():
        found: Membership | None = Membership.objects.filter(email__iexact=email).first()
        return found


def state(clinic: Clinic, email: str = NEWCOMER) -> str:
    with clinic.scope(), transaction.atomic():
        return str(Invitation.objects.filter(email=email).latest("created_at").state)


def account(email: str) -> User | None:
    return next(iter(User.objects.raw("SELECT * FROM accounts_user_by_email(%s)", [email])), None)
