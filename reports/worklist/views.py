"""Choices of the list under a name: of a member's own, or shared by the clinic."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import Membership
from accounts.roles import role_allows
from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record
from reports.models import SavedView
from reports.worklist.services import ACTING
from tenancy.managers import audited_elsewhere

MOST_VIEWS = 50


@transaction.atomic
def save_view(*, member: Membership, name: str, choices: dict[str, str], is_shared: bool = False) -> SavedView:
    """``choices`` as ``Choices.kept`` gives them. Raises ValidationError, also for a name that is taken."""
    _refuse(member)
    owner = None if is_shared else member
    if SavedView.objects.filter(member=owner).count() >= MOST_VIEWS:
        raise ValidationError(f"There are {MOST_VIEWS} views already: remove one first.")
    view = SavedView(member=owner, name=name.strip(), choices=choices)
    view.full_clean(exclude=["member", "choices"])
    # Once more without the exclusion: it would leave out the constraint that names the member.
    view.validate_constraints()
    view.save()
    record_creation(view, object_id=str(view.public_id), skip=["member"])
    return view


@transaction.atomic
def change_view(*, view: SavedView, member: Membership, changes: dict[str, Any]) -> SavedView:
    """``name`` or ``choices``. Raises ValidationError."""
    _refuse(member)
    locked: SavedView = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
    apply_changes(locked, changes, object_id=str(locked.public_id), exclude=["choices"])
    return locked


@transaction.atomic
def remove_view(*, view: SavedView, member: Membership) -> None:
    _refuse(member)
    record(
        action=Action.DELETE,
        object_type="reports.savedview",
        object_id=str(view.public_id),
        changes={"name": (view.name, None)},
    )
    with audited_elsewhere("the entry above"):
        view.delete()


def _refuse(member: Membership) -> None:
    if not member.is_active or not role_allows(member.role, ACTING):
        raise PermissionDenied("Only members of the clinic's staff who treat patients keep views of the list.")
