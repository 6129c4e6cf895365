"""Requests that a member's access end, and what owners and admins make of them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, RemovalRequest
from accounts.rules import refuse_to_hand_out_ownership
from accounts.services import deactivate_member
from audit.actions import Action
from audit.services import record
from audit.store import Changes
from tenancy.managers import audited_elsewhere

State = RemovalRequest.State
DECIDED = "The request was answered already."


@transaction.atomic
def request_removal(*, member: Membership, requested_by_id: int, reason: str) -> RemovalRequest:
    """Raises ValidationError where the person is no member any more, or a request about them is waiting."""
    if not member.is_active:
        raise ValidationError({"member": "This person is no member any more."})
    request = RemovalRequest(member=member, requested_by_id=requested_by_id, reason=reason)
    request.full_clean(exclude=["requested_by", "decided_by", "decided_at"])
    request.save()
    _record(Action.CREATE, request, {"member": (None, member.name), "reason": (None, reason)})
    return request


@transaction.atomic
def approve_removal(
    *, request: RemovalRequest, decided_by_id: int, acting_role: str | None, notes: str = ""
) -> RemovalRequest:
    """End the member's access. The last owner stays, and only owners decide about owners.

    Raises ValidationError and PermissionDenied as ``change_member`` does, and then the request stays open.
    """
    _decide(request, State.APPROVED, decided_by_id, notes)
    deactivate_member(membership=request.member, acting_role=acting_role)
    return request


@transaction.atomic
def deny_removal(
    *, request: RemovalRequest, decided_by_id: int, acting_role: str | None, notes: str = ""
) -> RemovalRequest:
    refuse_to_hand_out_ownership(acting_role, request.member.role)
    return _decide(request, State.DENIED, decided_by_id, notes)


@transaction.atomic
def cancel_removal(*, request: RemovalRequest, decided_by_id: int, notes: str = "") -> RemovalRequest:
    return _decide(request, State.CANCELLED, decided_by_id, notes)


def _decide(request: RemovalRequest, state: State, decided_by_id: int, notes: str) -> RemovalRequest:
    """Of two answers at once the first counts."""
    values = {"state": state, "decided_by_id": decided_by_id, "notes": notes, "decided_at": timezone.now()}
    with audited_elsewhere("the entry below"):
        decided = RemovalRequest.objects.pending().filter(pk=request.pk).update(**values)
    if not decided:
        raise ValidationError(DECIDED)
    for name, value in values.items():
        setattr(request, name, value)
    _record(Action.UPDATE, request, {"state": (State.PENDING, state), "notes": ("", notes)})
    return request


def _record(action: Action, request: RemovalRequest, changes: Changes) -> None:
    record(action=action, object_type="accounts.removalrequest", object_id=str(request.public_id), changes=changes)
