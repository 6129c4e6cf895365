"""How an invitation is answered by whoever holds the link from the mail. Nobody is in a clinic's scope before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.invitation_tokens import token_digest
from accounts.invitations import ALREADY_A_MEMBER, close_expired_invitations, close_invitation
from accounts.models import Invitation, Membership, RefreshFamily, User
from accounts.passwords import check_new_password
from accounts.services import add_member, change_member
from audit.occasion import Actor, current_occasion, occasion
from tenancy.scope import Scope, organization_scope, scoped

UNKNOWN = "This invitation is not known. The link may be incomplete, or a newer one was sent since."
CLOSED = {
    Invitation.State.ACCEPTED.value: "This invitation was accepted already.",
    Invitation.State.DECLINED.value: "This invitation was declined. Ask the clinic for a new one.",
    Invitation.State.EXPIRED.value: "This invitation has expired. Ask the clinic for a new one.",
    Invitation.State.CANCELLED.value: "The clinic has taken this invitation back.",
}


class InvitationVoid(Exception):
    """The link is of no use any more; the text says why."""


class AccountNotProven(Exception):
    """The address has an account, and nothing showed that the caller is its person."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the link offers. ``has_account``: with a proven address, whose person must show that it is theirs."""

    organization_id: int
    organization_name: str
    public_id: uuid.UUID
    email: str
    name: str
    role: str
    state: str
    expires_at: datetime
    has_account: bool


def open_offer(*, token: str) -> Offer:
    """The offer behind a link. Raises InvitationVoid for one that is unknown, answered, called off or expired."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_invitation_by_digest(%s)", [token_digest(token)])
        row = cursor.fetchone()
    if row is None:
        raise InvitationVoid(UNKNOWN)
    organization_id, organization_name, public_id, email, name, role, state, expires_at = row
    account = User.objects.with_email(email)
    proven = account is not None and account.email_verified_at is not None
    offer = Offer(organization_id, organization_name, public_id, email, name, role, state, expires_at, proven)
    if offer.state == Invitation.State.PENDING and offer.expires_at <= timezone.now():
        with organization_scope(offer.organization_id), transaction.atomic():
            close_expired_invitations(email=offer.email)
        offer = replace(offer, state=Invitation.State.EXPIRED)
    if offer.state != Invitation.State.PENDING:
        raise InvitationVoid(CLOSED[offer.state])
    return offer


def accept_invitation(*, offer: Offer, proven_user_id: int | None = None, password: str | None = None) -> None:
    """Take the place that is offered.

    ``proven_user_id``: the account whose sign-in or password came along. An account whose address was never confirmed
    gets ``password``, since the mail is the proof: what somebody else may have set before does not survive.
    Raises InvitationVoid; AccountNotProven; ValidationError for a bad password and for somebody who is a member.
    """
    with transaction.atomic():
        with _answering(offer) as invitation:
            if not close_invitation(invitation=invitation, state=Invitation.State.ACCEPTED):
                raise InvitationVoid(CLOSED[Invitation.State.ACCEPTED])
            user_id = _take_place(invitation).user_id
        _prove_account(user_id, proven_user_id, password)


def decline_invitation(*, offer: Offer) -> None:
    """Raises InvitationVoid where somebody was faster."""
    with transaction.atomic(), _answering(offer) as invitation:
        if not close_invitation(invitation=invitation, state=Invitation.State.DECLINED):
            raise InvitationVoid(CLOSED[Invitation.State.DECLINED])


@contextmanager
def _answering(offer: Offer) -> Iterator[Invitation]:
    """In the clinic's scope, with the invited person as the one who acts."""
    account = User.objects.with_email(offer.email)
    person = Actor("person", str(account.public_id) if account else "", offer.name, offer.role)
    with organization_scope(offer.organization_id), occasion(replace(current_occasion(), actor=person)):
        yield Invitation.objects.get(public_id=offer.public_id)


def _take_place(invitation: Invitation) -> Membership:
    """A new membership, or the one that the person had before."""
    account = User.objects.with_email(invitation.email)
    former = Membership.objects.of_person(account.public_id).first() if account else None
    if former is None:
        return add_member(
            email=invitation.email, name=invitation.name, role=invitation.role, patient_id=invitation.patient_id
        )
    if former.is_active:
        raise ValidationError(ALREADY_A_MEMBER, code="unique")
    place = {"name": invitation.name, "role": invitation.role, "patient_id": invitation.patient_id, "is_active": True}
    return change_member(membership=former, changes=place)


def _prove_account(user_id: int, proven_user_id: int | None, password: str | None) -> None:
    user = User.objects.with_id(user_id)
    if user is None or not user.is_active:
        raise AccountNotProven
    if user.email_verified_at is not None:
        if user.pk != proven_user_id:
            raise AccountNotProven
        return
    if password is None:
        raise ValidationError({"password": ValidationError("Choose a password.", code="required")})
    check_new_password(password, user)
    with scoped(Scope(None, user.pk)):
        unproven = User.objects.filter(pk=user.pk, email_verified_at__isnull=True)
        taken_over = unproven.update(
            password=make_password(password), version=F("version") + 1, email_verified_at=timezone.now()
        )
        if not taken_over:
            # Confirmed by somebody at this very moment.
            raise AccountNotProven
        RefreshFamily.objects.filter(user=user).revoke(because="password")
