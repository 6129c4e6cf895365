"""What people do about an alarm. Each act claims the row in the state that it needs, and is written down once."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.principals import person_principal
from alerts.models import OPEN_STATES, Episode, EpisodeEvent, Severity, Snooze
from alerts.services.acting import ACTING, ActRefused, refuse_what_is_no_alarm, refuse_who_may_not_act, write_act
from tenancy.scope import required_organization_id

LONGEST_NOTE = 2_000
SHORTEST_SNOOZE, LONGEST_SNOOZE, LONGEST_CRITICAL_SNOOZE = 5, 120, 30

ENDED = "This alarm has ended."
STILL_CRITICAL = (
    "The last value is still in alarm. A critical alarm ends by readings; acknowledge it to stop its escalation."
)


class Verdict(models.TextChoices):
    TRUE_ALARM = "true", "True alarm"
    FALSE_ALARM = "false", "False alarm"
    UNCLEAR = "unclear", "Unclear"


@transaction.atomic
def acknowledge(*, episode: Episode, member: Membership, note: str = "") -> Episode:
    """Somebody looks after it: for everybody, escalation and repeats end. The alarm itself ends by readings.

    The first one counts; whoever comes second gets the alarm with the first one's name and time.
    """
    _refuse(episode, member)
    now = timezone.now()
    claimed = Episode.objects.unacknowledged().filter(pk=episode.pk).update(acknowledged_at=now, acknowledged_by=member)
    if claimed:
        write_act(
            episode=episode,
            member=member,
            kind=EpisodeEvent.Kind.ACKNOWLEDGED,
            at=now,
            detail={"note": _checked(note, "note")} if note else {},
            changes={"acknowledged_by": (None, member.name)},
        )
    return _as_it_is(episode)


@transaction.atomic
def snooze(*, episode: Episode, member: Membership, minutes: int) -> Episode:
    """This person hears nothing of the alarm for so long, and everybody else goes on hearing it."""
    _refuse(episode, member)
    longest = LONGEST_CRITICAL_SNOOZE if episode.severity == Severity.CRITICAL else LONGEST_SNOOZE
    if not SHORTEST_SNOOZE <= minutes <= longest:
        kind = "a critical alarm" if longest == LONGEST_CRITICAL_SNOOZE else "an alarm"
        sentence = f"Snooze {kind} for {SHORTEST_SNOOZE} to {longest} minutes."
        raise ValidationError({"minutes": ValidationError(sentence, code="out_of_range")})
    # Held, so that it does not end between the look and the row.
    if not Episode.objects.open().select_for_update(no_key=True).filter(pk=episode.pk).exists():
        raise ActRefused(ENDED)
    now = timezone.now()
    until = now + timedelta(minutes=minutes)
    Snooze.objects.update_or_create(
        episode=episode, member=member, defaults={"until": until}, create_defaults=_new_snooze(episode, until)
    )
    write_act(
        episode=episode,
        member=member,
        kind=EpisodeEvent.Kind.SNOOZED,
        at=now,
        detail={"minutes": minutes, "until": until.isoformat()},
        changes={"snoozed_until": (None, until.isoformat())},
    )
    return _as_it_is(episode)


def _new_snooze(episode: Episode, until: object) -> dict[str, object]:
    return {"until": until, "patient_id": episode.patient_id}


@transaction.atomic
def resolve(*, episode: Episode, member: Membership, reason: str) -> Episode:
    """End it by hand. The rule alarms again only after its condition has become untrue."""
    _refuse(episode, member)
    reason = _checked(reason, "reason")
    now = timezone.now()
    states = [Episode.State.EASING] if _ends_by_readings(episode) else list(OPEN_STATES)
    claimed = Episode.objects.filter(pk=episode.pk, state__in=states).update(state=Episode.State.RESOLVED, ended_at=now)
    if not claimed:
        raise ActRefused(STILL_CRITICAL if _as_it_is(episode).is_open else ENDED)
    write_act(
        episode=(resolved := _as_it_is(episode)),
        member=member,
        kind=EpisodeEvent.Kind.RESOLVED,
        at=now,
        detail={"reason": reason},
        changes={"state": (episode.state, Episode.State.RESOLVED.value)},
    )
    return resolved


def _ends_by_readings(episode: Episode) -> bool:
    """No value ends an emergency; what a person measures may not be measured again, so that an acknowledgement does."""
    if episode.severity != Severity.CRITICAL or episode.kind == Episode.Kind.EMERGENCY:
        return False
    return not episode.metric or episode.acknowledged_at is None


@transaction.atomic
def assign(*, episode: Episode, member: Membership, to: Membership | None) -> Episode:
    """``to`` looks after it from now on; None: nobody in particular."""
    _refuse(episode, member)
    if to is not None and not _may_look_after(to, episode):
        sentence = "This person may not act on alarms of this patient."
        raise ValidationError({"member": ValidationError(sentence, code="not_allowed")})
    before = Episode.objects.select_for_update(no_key=True).select_related(None).get(pk=episode.pk)
    if before.assigned_to_id != (to.pk if to else None):
        Episode.objects.filter(pk=episode.pk).update(assigned_to=to)
        former = Membership.objects.filter(pk=before.assigned_to_id).values_list("name", flat=True).first()
        name = to.name if to else None
        write_act(
            episode=episode,
            member=member,
            kind=EpisodeEvent.Kind.ASSIGNED,
            at=timezone.now(),
            detail={"member": str(to.user_public_id) if to else None, "name": name},
            changes={"assigned_to": (former, name)},
        )
    return _as_it_is(episode)


def _may_look_after(member: Membership, episode: Episode) -> bool:
    principal = person_principal(member.user_public_id, required_organization_id())
    if principal is None or not principal.may(ACTING):
        return False
    return principal.assigned_patients is None or episode.patient_id in principal.assigned_patients


@transaction.atomic
def comment(*, episode: Episode, member: Membership, text: str) -> Episode:
    _refuse(episode, member)
    detail = {"text": _checked(text, "text")}
    write_act(episode=episode, member=member, kind=EpisodeEvent.Kind.COMMENTED, at=timezone.now(), detail=detail)
    return _as_it_is(episode)


@transaction.atomic
def review(*, episode: Episode, member: Membership, verdict: str, note: str = "") -> Episode:
    """What it was in truth; the last review counts, and the share of false alarms is made of them."""
    _refuse(episode, member)
    if verdict not in Verdict.values:
        raise ValidationError({"verdict": f"A verdict is one of {', '.join(Verdict.values)}."})
    detail = {"verdict": str(verdict)}
    if note:
        detail["note"] = _checked(note, "note")
    write_act(
        episode=episode,
        member=member,
        kind=EpisodeEvent.Kind.REVIEWED,
        at=timezone.now(),
        detail=detail,
        changes={"verdict": (None, str(verdict))},
    )
    return _as_it_is(episode)


def _refuse(episode: Episode, member: Membership) -> None:
    refuse_who_may_not_act(member)
    refuse_what_is_no_alarm(episode)


def _checked(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({field: ValidationError("Say it in a few words.", code="blank")})
    if len(text) > LONGEST_NOTE:
        sentence = f"At most {LONGEST_NOTE:,} characters, please."
        raise ValidationError({field: ValidationError(sentence, code="max_length")})
    return text


def _as_it_is(episode: Episode) -> Episode:
    found: Episode = Episode.objects.select_related("patient", "acknowledged_by", "assigned_to").get(pk=episode.pk)
    return found
