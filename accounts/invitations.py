"""Invitations: a place in the clinic that is offered to an address, sent again, and called off."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.invitation_tokens import invitation_token, token_digest
from accounts.models import Invitation, Membership
from accounts.plans.catalogue import Limit
from accounts.plans.limits import require_room
from accounts.plans.usage import members_in_use
from accounts.roles import Role
from accounts.rules import refuse_to_hand_out_ownership, refuse_unfitting_role
from audit.actions import Action
from audit.changes import record_creation
from audit.services import record
from tenancy.managers import audited_elsewhere

USUAL_DAYS, FEWEST_DAYS, MOST_DAYS = 7, 1, 30
ALREADY_A_MEMBER = "This person is a member of the clinic already."


@transaction.atomic
def invite(
    *,
    email: str,
    name: str,
    role: str,
    patient_id: int | None = None,
    message: str = "",
    days: int = USUAL_DAYS,
    invited_by_id: int | None = None,
    acting_role: str | None = None,
) -> Invitation:
    """Offer a place in the clinic in scope. Whether the address has an account is not asked, so no answer tells it.

    The caller sends the mail once this is committed. Raises ValidationError for malformed values, for a member, and
    where an invitation is waiting already; PermissionDenied where somebody other than an owner would make an owner.
    """
    email = email.strip().lower()
    validate_email(email)
    refuse_unfitting_role(role, patient_id)
    former = Membership.objects.filter(email__iexact=email).first()
    refuse_to_hand_out_ownership(acting_role, role, former.role if former else None)
    if former and former.is_active:
        raise ValidationError({"email": ValidationError(ALREADY_A_MEMBER, code="unique")})
    close_expired_invitations(email=email)
    if role != Role.PATIENT:
        require_room(Limit.MEMBERS, used=members_in_use)
    invitation = Invitation(
        email=email, name=name, role=role, patient_id=patient_id, message=message, invited_by_id=invited_by_id
    )
    _set_term(invitation, days)
    invitation.full_clean(exclude=["invited_by", "closed_at"])
    invitation.save()
    record_creation(invitation, object_id=str(invitation.public_id), patient_id=patient_id, skip=["invited_by"])
    return invitation


@transaction.atomic
def resend_invitation(*, invitation: Invitation, days: int = USUAL_DAYS, acting_role: str | None = None) -> Invitation:
    """A new term and a new link; the former link is void. Also for an invitation that has expired."""
    locked: Invitation = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    refuse_to_hand_out_ownership(acting_role, locked.role)
    if locked.state not in (Invitation.State.PENDING, Invitation.State.EXPIRED):
        raise ValidationError(f"The invitation is {locked.state}: make a new one.")
    if locked.role != Role.PATIENT:
        require_room(Limit.MEMBERS, used=partial(members_in_use, but_invitation=locked.pk))
    before = (locked.state, locked.expires_at)
    locked.state, locked.closed_at = Invitation.State.PENDING, None
    _set_term(locked, days)
    locked.validate_constraints(exclude={"public_id", "digest"})
    locked.save(update_fields=["state", "closed_at", "expires_at", "digest"])
    changes = {"state": (before[0], locked.state), "expires_at": (before[1], locked.expires_at)}
    _record_change(locked, changes)
    return locked


@transaction.atomic
def cancel_invitation(*, invitation: Invitation, acting_role: str | None = None) -> None:
    """Raises ValidationError where there is nothing to call off any more."""
    refuse_to_hand_out_ownership(acting_role, invitation.role)
    if not close_invitation(invitation=invitation, state=Invitation.State.CANCELLED):
        raise ValidationError("The invitation is not waiting for an answer any more.")


def close_invitation(*, invitation: Invitation, state: Invitation.State) -> bool:
    """Whether this call closed it: of two answers at once one counts."""
    waiting = Invitation.objects.filter(pk=invitation.pk, state=Invitation.State.PENDING)
    with audited_elsewhere("the entry below"):
        closed = waiting.update(state=state, closed_at=timezone.now())
    if not closed:
        return False
    _record_change(invitation, {"state": (Invitation.State.PENDING, state)})
    return True


@transaction.atomic
def close_expired_invitations(*, email: str | None = None) -> int:
    """Mark the clinic's invitations whose term is over, all of them or those of one address; returns how many."""
    late = Invitation.objects.filter(state=Invitation.State.PENDING, expires_at__lte=timezone.now())
    if email is not None:
        late = late.filter(email=email)
    return sum(close_invitation(invitation=invitation, state=Invitation.State.EXPIRED) for invitation in late)


def _set_term(invitation: Invitation, days: int) -> None:
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ValidationError({"days": f"An invitation stands for {FEWEST_DAYS} to {MOST_DAYS} days."})
    invitation.expires_at = timezone.now() + timedelta(days=days)
    invitation.digest = token_digest(invitation_token(invitation))


def _record_change(invitation: Invitation, changes: dict[str, Any]) -> None:
    record(
        action=Action.UPDATE,
        object_type="accounts.invitation",
        object_id=str(invitation.public_id),
        patient_id=invitation.patient_id,
        changes=changes,
    )
