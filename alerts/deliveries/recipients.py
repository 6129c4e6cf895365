"""Who is told of an alarm. Never nobody: without contacts, those who answer for the clinic and the care team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Membership
from alerts.models import Channel, Contact, Episode, PatientAlarms, Severity, Snooze
from patients.models import CareTeamMember

_ORDER = [Severity.LOW.value, Severity.MEDIUM.value, Severity.HIGH.value, Severity.CRITICAL.value]


@dataclass(frozen=True, slots=True)
class Recipient:
    """``name``: what a delivery calls it, the same whenever the same one is told."""

    name: str
    member_id: int | None = None
    channel_id: int | None = None


def recipients(*, episode: Episode, levels: Iterable[int], now: datetime) -> list[Recipient]:
    """Each once. A snooze takes out the person who asked for it, and nobody else."""
    found: dict[str, Recipient] = {}
    for level in levels:
        for one in _of_level(episode, level):
            found.setdefault(one.name, one)
    quiet = set(Snooze.objects.filter(episode=episode, until__gt=now).values_list("member_id", flat=True))
    return [one for one in found.values() if one.member_id is None or one.member_id not in quiet]


def owners() -> list[Recipient]:
    """Who is mailed where another way is closed; admins too where there is no owner."""
    members = list(Membership.objects.owners()) or list(Membership.objects.managers())
    return [_by_mail(member) for member in members]


def _of_level(episode: Episode, level: int) -> list[Recipient]:
    """Of the patient's group, else of the clinic, else those who answer for it."""
    for contacts in contacts_at(level, group_of(episode.patient_id)):
        if found := [one for one in contacts if is_usable(one) and _is_for(one, episode)]:
            return [of_contact(one) for one in found]
        # Lesser alarms may be left to nobody, by a contact that is only told of worse ones.
        if contacts and not _is_grave(episode):
            return []
    return by_default(episode.patient_id, level)


def group_of(patient_id: int) -> int | None:
    found: int | None = PatientAlarms.objects.filter(patient_id=patient_id).values_list("group_id", flat=True).first()
    return found


def contacts_at(level: int, group_id: int | None) -> list[list[Contact]]:
    """The group's and the clinic's, in the order in which they are asked."""
    groups = [None] if group_id is None else [group_id, None]
    wanted = Contact.objects.filter(Q(group_id=group_id) | Q(group_id__isnull=True), position=level)
    found = list(wanted.select_related("member", "channel"))
    return [[one for one in found if one.group_id == number] for number in groups]


def is_usable(contact: Contact) -> bool:
    """Not of people who left, nor by channels that are switched off."""
    return (contact.member is None or contact.member.is_active) and (contact.channel is None or contact.channel.is_on)


def _is_for(contact: Contact, episode: Episode) -> bool:
    return _ORDER.index(episode.severity) >= _ORDER.index(contact.minimum_severity)


def _is_grave(episode: Episode) -> bool:
    return episode.severity in (Severity.HIGH, Severity.CRITICAL)


def by_default(patient_id: int, level: int) -> list[Recipient]:
    """Where nobody is named who can be reached."""
    members = list(Membership.objects.managers())
    if level == 0:
        team = CareTeamMember.objects.filter(patient_id=patient_id, member__is_active=True)
        members += [link.member for link in team.select_related("member")]
    return [_by_mail(member) for member in members]


def _by_mail(member: Membership) -> Recipient:
    return Recipient(member.email.lower(), member_id=member.pk)


def of_contact(contact: Contact) -> Recipient:
    if contact.channel is None:
        return _by_mail(contact.member)
    return by_channel(contact.channel, contact.member)


def by_channel(channel: Channel, member: Membership | None) -> Recipient:
    name = str(channel.public_id) if member is None else f"{channel.public_id} {member.user_public_id}"
    return Recipient(name, member_id=member.pk if member else None, channel_id=channel.pk)
