"""The emergency button: a person calls for help, and everybody whom a critical alarm reaches is told at once."""

from __future__ import annotations

from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from alerts.deliveries.escalation import tell_again
from alerts.deliveries.services import send_due
from alerts.deliveries.tasks import send_deliveries_of_clinic
from alerts.models import Episode, EpisodeEvent, Severity
from alerts.steps import add_step
from audit.actions import Action
from audit.services import record
from patients.admissions import room_of
from patients.models import Patient
from tenancy.scope import organization_scope, required_organization_id
from tenancy.tasks import send_task

# No rule has a colon in its code: it is never taken for a clinic's own.
CODE = "emergency:button"
NAME = "Emergency help requested"
# Whoever presses several times in a moment means one call.
TOLD_AGAIN_AFTER = timedelta(minutes=1)
REPEAT_MINUTES = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """``is_new``: it opened an emergency. ``is_told``: messages go out because of it."""

    episode: Episode
    is_new: bool
    is_told: bool


@transaction.atomic
def call_for_help(*, patient: Patient, member: Membership) -> Call:
    """Never refused: a second call while an emergency is open adds to it, and is told again after a minute.

    In the scope of a patient's login, who sees no contacts: so the row says that it is to be told, and who tells is the
    platform, behind the commit. What fails there the sweep of escalations finds.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    now = timezone.now()
    episode = Episode.objects.of_patient(patient).open().filter(kind=Episode.Kind.EMERGENCY).first()
    if episode is None:
        call = Call(_opened(patient, member, now), is_new=True, is_told=True)
    elif now - (episode.found_at or episode.opened_at) < TOLD_AGAIN_AFTER:
        return Call(episode, is_new=False, is_told=False)
    else:
        episode.found_at = episode.next_repeat_at = now
        episode.save(update_fields=["found_at", "next_repeat_at"])
        add_step(episode=episode, kind=EpisodeEvent.Kind.CALLED_AGAIN, at=now, member=member)
        call = Call(episode, is_new=False, is_told=True)
    record(
        action=Action.CREATE if call.is_new else Action.UPDATE,
        object_type="alerts.episode",
        object_id=str(call.episode.public_id),
        patient_id=patient.pk,
        reason="emergency",
    )
    transaction.on_commit(partial(Context().run, _tell, required_organization_id(), call.episode.pk))
    return call


def _opened(patient: Patient, member: Membership, now: datetime) -> Episode:
    episode = Episode(
        patient=patient,
        kind=Episode.Kind.EMERGENCY,
        rule_code=CODE,
        rule_name=NAME,
        rule={"code": CODE, "name": NAME, "repeat_minutes": REPEAT_MINUTES},
        severity=Severity.CRITICAL,
        state=Episode.State.ACTIVE,
        opened_at=now,
        confirmed_at=now,
        found_at=now,
        next_repeat_at=now,
    )
    episode.save(force_insert=True)
    add_step(episode=episode, kind=EpisodeEvent.Kind.OPENED, at=now, member=member)
    add_step(episode=episode, kind=EpisodeEvent.Kind.CONFIRMED, at=now, member=member)
    return episode


def _tell(organization_id: int, episode_id: int) -> None:
    """In a context of its own, without the caller's scope. Without the broker the messages are sent here: somebody
    waits for help longer than for an answer."""
    try:
        with organization_scope(organization_id):
            tell_again(episode_id, timezone.now())
            if not send_task(send_deliveries_of_clinic):
                send_due()
    except Exception:
        log.exception("emergency_not_told_at_once", organization=organization_id, episode=episode_id)


def emergency_words(patient: Patient) -> str:
    """For people who see the patient in the platform; messages that leave it name nobody."""
    name = f"{patient.first_name} {patient.last_name}".strip() or patient.code
    room = room_of(patient)
    return f"{NAME} by {name}{f' at {room}' if room else ''}. Please come immediately."
