"""What people do in the worklist: each act is one row, and one entry in the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.principals import person_principal
from accounts.roles import role_allows
from audit.actions import Action
from audit.changes import apply_changes, record_creation, record_update, values_before
from audit.services import record_look
from patients.models import Patient
from reports.models import CareState, SeenAct
from tenancy.scope import required_organization_id

VIEWING, ACTING, READING_NOTES = "reports.view_carestate", "reports.change_carestate", "reports.view_seenact"
SEEN = "reports.seenact"
USUAL_REST, LONGEST_REST = timedelta(days=7), timedelta(days=90)
LONGEST_PLAN = timedelta(days=366)


@transaction.atomic
def mark_seen(
    *, patient: Patient, member: Membership, note: str = "", next_contact_on: date | None = None
) -> CareState:
    """Somebody has looked after what the list says of the patient: it rests until the next contact, or a week.

    A contact that was due is thereby done; one that is still to come stays, unless another day is given.
    """
    _refuse_who_may_not_act(member)
    now, today = timezone.now(), timezone.localdate()
    if next_contact_on is not None:
        _check_day(next_contact_on, today + timedelta(days=1), "Choose a day after today: today's contact is this one.")
    state = _held(patient)
    planned = state.next_contact_on
    if next_contact_on is not None or (planned is not None and planned <= today):
        planned = next_contact_on
    rests_until = min(planned or today + USUAL_REST, today + LONGEST_REST)
    act = SeenAct(
        patient=patient,
        member=member,
        member_name=member.name,
        at=now,
        note=note.strip(),
        next_contact_on=planned,
        rests_until=rests_until,
    )
    act.full_clean(exclude=["patient", "member"])
    act.save()
    # One act, one entry: that of the act tells what becomes of the state.
    record_creation(
        act, object_id=str(act.public_id), patient_id=patient.pk, skip=["patient", "member", "member_name", "at"]
    )
    state.seen_at, state.seen_by, state.next_contact_on, state.rests_until = now, member, planned, rests_until
    state.save(force_insert=state._state.adding)
    return state


@transaction.atomic
def bring_back(*, patient: Patient, member: Membership) -> CareState:
    """What rests since the patient was seen counts again."""
    _refuse_who_may_not_act(member)
    return _changed(patient, {"rests_until": None})


@transaction.atomic
def assign(*, patient: Patient, member: Membership, to: Membership | None) -> CareState:
    """``to`` looks after the patient from now on; None: nobody in particular."""
    _refuse_who_may_not_act(member)
    if to is not None and not _may_look_after(to, patient):
        sentence = "This person may not look after this patient."
        raise ValidationError({"member": ValidationError(sentence, code="not_allowed")})
    return _changed(patient, {"assigned_to": to})


@transaction.atomic
def plan_contact(*, patient: Patient, member: Membership, on: date | None) -> CareState:
    """The day from which the list asks for a call, whatever the figures say; None: no day is planned."""
    _refuse_who_may_not_act(member)
    if on is not None:
        _check_day(on, timezone.localdate(), "Choose today or a day after it.")
    return _changed(patient, {"next_contact_on": on})


def read_seen_acts(*, patient: Patient, newest: int) -> list[SeenAct]:
    """The newest first, with their notes. Never covered by an earlier look: notes are clinical."""
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk, always=True)
    return list(SeenAct.objects.of_patient(patient).newest_first()[:newest])


def _changed(patient: Patient, changes: dict[str, Any]) -> CareState:
    state = _held(patient)
    if any(getattr(state, name) != value for name, value in changes.items()):
        if state._state.adding:
            before = values_before(state, changes)
            for name, value in changes.items():
                setattr(state, name, value)
            state.save(force_insert=True)
            record_update(state, before, object_id=patient.code, patient_id=patient.pk, action=Action.CREATE)
        else:
            apply_changes(state, changes, object_id=patient.code, patient_id=patient.pk, exclude=["patient"])
    return state


def _held(patient: Patient) -> CareState:
    """The patient's row, or the one to make; whoever else would change it waits until the transaction ends."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    found = CareState.objects.select_related("assigned_to", "seen_by").filter(patient_id=patient.pk).first()
    return found or CareState(patient=patient)


def _refuse_who_may_not_act(member: Membership) -> None:
    if not member.is_active or not role_allows(member.role, ACTING):
        raise PermissionDenied("Only members of the clinic's staff who treat patients work on the list.")


def _may_look_after(member: Membership, patient: Patient) -> bool:
    principal = person_principal(member.user_public_id, required_organization_id())
    if principal is None or not principal.may(ACTING):
        return False
    return principal.assigned_patients is None or patient.pk in principal.assigned_patients


def _check_day(day: date, first: date, sentence: str) -> None:
    if day < first:
        raise ValidationError({"next_contact_on": ValidationError(sentence, code="past")})
    if day > first + LONGEST_PLAN:
        raise ValidationError({"next_contact_on": ValidationError("Plan a year ahead at most.", code="too_far")})
