"""Who looks after a patient. Where the clinic has set so, clinicians, nurses and viewers see these patients only."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Membership
from accounts.roles import STAFF_ROLES
from audit.actions import Action
from audit.services import record
from patients.models import CareTeamMember, Patient
from tenancy.managers import audited_elsewhere
from tenancy.scope import current_scope


@transaction.atomic
def add_to_care_team(*, patient: Patient, member: Membership) -> CareTeamMember:
    """Acts with the member's next request. Raises ValidationError for patients' logins, former members, and twice."""
    if not member.is_active or member.role not in STAFF_ROLES:
        raise ValidationError({"member": "Only active members of the staff look after a patient."})
    link = CareTeamMember(patient=patient, member=member)
    link.validate_constraints()
    link.save()
    _record(Action.CREATE, patient, member, (None, member.name))
    return link


@transaction.atomic
def remove_from_care_team(*, patient: Patient, member: Membership) -> bool:
    """Whether the person was in the team."""
    with audited_elsewhere("the entry below"):
        removed, _ = CareTeamMember.objects.filter(patient=patient, member=member).delete()
    if removed:
        _record(Action.DELETE, patient, member, (member.name, None))
    return bool(removed)


def join_as_creator(*, patient: Patient) -> None:
    """Whoever admits a patient looks after them; without this, limited staff would lose sight of their new patient."""
    scope = current_scope()
    member = Membership.objects.filter(user_id=scope.user_id).first() if scope and scope.user_id else None
    if member is not None:
        add_to_care_team(patient=patient, member=member)


def _record(action: Action, patient: Patient, member: Membership, change: tuple[str | None, str | None]) -> None:
    record(
        action=action,
        object_type="patients.careteammember",
        object_id=str(member.user_public_id),
        patient_id=patient.pk,
        changes={"member": change},
    )
