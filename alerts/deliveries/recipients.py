"""Who is told of an alarm. Never nobody: without contacts, those who answer for the clinic and the care team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Membership
from alerts.models import Channel, Contact, Episode, Severity, Snooze
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
    configured = [one for one in _usable(level) if _is_for(one, episode)]
    if configured:
        return [_of_contact(one) for one in configured]
    # A clinic may leave lesser alarms to nobody, by a contact that is only told of worse ones.
    if _is_grave(episode) or not Contact.objects.filter(position=level).exists():
        return _by_default(episode, level)
    return []


def _usable(level: int) -> list[Contact]:
    """Without people who left and channels that are switched off."""
    contacts = Contact.objects.filter(position=level).select_related("member", "channel")
    return [
        one
        for one in contacts
        if (one.member is None or one.member.is_active) and (one.channel is None or one.channel.is_on)
    ]


def _is_for(contact: Contact, episode: Episode) -> bool:
    return _ORDER.index(episode.severity) >= _ORDER.index(contact.minimum_severity)


def _is_grave(episode: Episode) -> bool:
    return episode.severity in (Severity.HIGH, Severity.CRITICAL)


def _by_default(episode: Episode, level: int) -> list[Recipient]:
    members = list(Membership.objects.managers())
    if level == 0:
        team = CareTeamMember.objects.filter(patient_id=episode.patient_id, member__is_active=True)
        members += [link.member for link in team.select_related("member")]
    return [_by_mail(member) for member in members]


def _by_mail(member: Membership) -> Recipient:
    return Recipient(member.email.lower(), member_id=member.pk)


def _of_contact(contact: Contact) -> Recipient:
    if contact.channel is None:
        return _by_mail(contact.member)
    return by_channel(contact.channel, contact.member)


def by_channel(channel: Channel, member: Membership | None) -> Recipient:
    name = str(channel.public_id) if member is None else f"{channel.public_id} {member.user_public_id}"
    return Recipient(name, member_id=member.pk if member else None, channel_id=channel.pk)
