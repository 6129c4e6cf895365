"""What a clinic sets up: its channels, and who is told at which level."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import STAFF_ROLES
from alerts.deliveries.channels import KINDS
from alerts.deliveries.recipients import by_channel
from alerts.models import Channel, Contact, Delivery, RuleGroup
from audit.actions import Action
from audit.changes import apply_changes, record_creation, record_update, values_before
from audit.services import record
from tenancy.managers import audited_elsewhere
from tenancy.refusals import Refusal


class SettingsRefused(ValidationError):
    """``problems``: by the setting's name."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__({"settings": [f"{name}: {problem}" for name, problem in problems.items()]})
        self.problems = problems


class ChannelInUse(Refusal):
    status_code = 409

    def __init__(self) -> None:
        super().__init__("Contacts are told by this channel. Remove them first, or tell them by another channel.")


class NotToBeRepeated(Refusal):
    status_code = 409

    def __init__(self) -> None:
        super().__init__("Only a message that was refused or given up is sent again.")


@transaction.atomic
def create_channel(*, kind: str, name: str, settings: Mapping[str, str]) -> Channel:
    """``settings`` by the names that the kind declares. Raises ValidationError."""
    _refuse_settings(kind, settings)
    channel = Channel(kind=kind, name=name, settings=_as_text(settings))
    channel.full_clean()
    channel.save()
    record_creation(channel, object_id=str(channel.public_id))
    return channel


@transaction.atomic
def change_channel(*, channel: Channel, changes: dict[str, Any]) -> Channel:
    """Change ``name``, ``is_on`` or ``settings``; of these only what is given. Raises ValidationError."""
    locked: Channel = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    if "settings" in changes:
        merged = {**locked.opened_settings, **changes["settings"]}
        _refuse_settings(locked.kind, merged)
        changes = {**changes, "settings": _as_text(merged)}
    apply_changes(locked, changes, object_id=str(locked.public_id))
    return locked


@transaction.atomic
def remove_channel(*, channel: Channel) -> None:
    """Its settings are gone for good; its messages stay. Raises ChannelInUse."""
    locked: Channel = Channel.objects.select_for_update().get(pk=channel.pk)
    if Contact.objects.filter(channel=locked).exists():
        raise ChannelInUse
    if locked.removed_at is not None:
        return
    before = values_before(locked, ["is_on", "removed_at"])
    locked.is_on, locked.removed_at, locked.settings = False, timezone.now(), "{}"
    locked.save(update_fields=["is_on", "removed_at", "settings"])
    record_update(locked, before, object_id=str(locked.public_id), action=Action.DELETE)


def _refuse_settings(kind: str, settings: Mapping[str, str]) -> None:
    if kind not in KINDS:
        raise ValidationError({"kind": f"Give one of {', '.join(KINDS)}."})
    if problems := KINDS[kind].problems(settings):
        raise SettingsRefused(problems)


def _as_text(settings: Mapping[str, str]) -> str:
    return json.dumps({name: value for name, value in settings.items() if value}, sort_keys=True)


@transaction.atomic
def create_contact(
    *,
    position: int,
    member: Membership | None = None,
    channel: Channel | None = None,
    group: RuleGroup | None = None,
    minimum_severity: str = "low",
) -> Contact:
    """``group``: for its patients only. Raises ValidationError."""
    if channel is not None:
        # Whoever removes it looks for contacts under its lock.
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    contact = Contact(position=position, member=member, channel=channel, group=group, minimum_severity=minimum_severity)
    _refuse_contact(contact)
    contact.full_clean()
    contact.save()
    record_creation(contact, object_id=str(contact.public_id))
    return contact


@transaction.atomic
def change_contact(*, contact: Contact, changes: dict[str, Any]) -> Contact:
    """Change ``position`` or ``minimum_severity``. Raises ValidationError."""
    locked: Contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    apply_changes(locked, changes, object_id=str(locked.public_id))
    return locked


@transaction.atomic
def remove_contact(*, contact: Contact) -> None:
    with audited_elsewhere("the entry below"):
        contact.delete()
    record(
        action=Action.DELETE,
        object_type="alerts.contact",
        object_id=str(contact.public_id),
        changes={"position": (contact.position, None)},
    )


def _refuse_contact(contact: Contact) -> None:
    """Contacts hear of every patient of the clinic: staff only, and such as can be reached."""
    _refuse_recipient(contact.member, contact.channel)


def _refuse_recipient(member: Membership | None, channel: Channel | None) -> None:
    if channel is not None and channel.removed_at is not None:
        raise ValidationError({"channel": "This channel was removed."})
    if member is None:
        if channel is not None and needs_member(channel):
            raise ValidationError({"member": "Name a member: the channel's settings do not say where it goes."})
        return
    if not member.is_active or member.role not in STAFF_ROLES:
        raise ValidationError({"member": "Only active members of the staff are told of alarms."})
    address = KINDS[channel.kind].member_address if channel else None
    if address and not getattr(member, address):
        raise ValidationError({"member": f"This channel needs the member's {address}, which is not known."})


def needs_member(channel: Channel) -> bool:
    need = KINDS[channel.kind].address_need
    return need is not None and need not in channel.opened_settings


@transaction.atomic
def send_test(*, channel: Channel, member: Membership | None = None) -> Delivery:
    """Put a message that concerns no patient into the outbox, tried once. Its row tells what came of it.

    Whoever calls it sends it after the commit: the task ``alerts.send_deliveries``, or ``send_now`` to see the result.
    """
    _refuse_recipient(member, channel)
    told = by_channel(channel, member)
    delivery = Delivery(
        channel=channel,
        member=member,
        recipient=told.name,
        reason=Delivery.Reason.TEST,
        next_attempt_at=timezone.now(),
    )
    delivery.save()
    delivery.refresh_from_db()
    record(action=Action.UPDATE, object_type="alerts.channel", object_id=str(channel.public_id), reason="tested")
    return delivery


@transaction.atomic
def send_again(*, delivery: Delivery) -> Delivery:
    """From the first try on, to the same recipient and with the same key. Raises NotToBeRepeated."""
    locked: Delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
    if not locked.can_be_sent_again:
        raise NotToBeRepeated
    was = locked.state
    locked.state, locked.attempts, locked.next_attempt_at = Delivery.State.PENDING, 0, timezone.now()
    locked.save(update_fields=["state", "attempts", "next_attempt_at"])
    record(
        action=Action.UPDATE,
        object_type="alerts.delivery",
        object_id=str(locked.idempotency_key),
        patient_id=locked.patient_id,
        changes={"state": (was, locked.state)},
        reason="sent again",
    )
    return locked
