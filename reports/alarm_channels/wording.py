"""Channels and messages as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.models import Channel, Contact, Delivery
from tenancy.wording import age_words

LEVELS = {
    0: "At once",
    1: "After 5 minutes",
    2: "After 15 minutes",
    3: "After 30 minutes",
}
STATES = {
    Delivery.State.PENDING: ("waits to be sent", ""),
    Delivery.State.HELD: ("held by quiet hours", ""),
    Delivery.State.SENDING: ("being sent", ""),
    Delivery.State.SENT: ("taken", "badge-in-range"),
    Delivery.State.FAILED: ("failed", "badge-low"),
    Delivery.State.GIVEN_UP: ("given up", "badge-low"),
    Delivery.State.SKIPPED: ("no longer needed", ""),
}
REASONS = {
    Delivery.Reason.OPENED: "Alarm",
    Delivery.Reason.REPEATED: "Alarm, again",
    Delivery.Reason.ESCALATED: "Alarm that nobody acknowledged",
    Delivery.Reason.TEST: "Test",
}
COLOURS = {
    Channel.Health.WORKS: "badge-in-range",
    Channel.Health.TROUBLED: "badge-high",
    Channel.Health.DEAD: "badge-low",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel is, in a word with a colour, and in a sentence."""

    word: str
    colour: str
    sentence: str


def standing_of(channel: Channel, now: datetime) -> Standing:
    return Standing(channel.health.label, COLOURS.get(channel.health, ""), _sentence(channel, now))


def _sentence(channel: Channel, now: datetime) -> str:
    sent = (
        f"last delivered {age_words(now - channel.last_sent_at)}" if channel.last_sent_at else "nothing delivered yet"
    )
    if channel.failing_since is not None:
        began = age_words(now - channel.failing_since)
        return f"Began to fail {began}: {channel.last_result} The owners are mailed in its place."
    if channel.failures:
        return f"The last {channel.failures} failed: {channel.last_result} Before, {sent}."
    return f"{sent[0].upper()}{sent[1:]}."


def recipient_of(row: Contact | Delivery) -> str:
    """A member alone is mailed."""
    member, channel = row.member, row.channel
    if channel is None:
        return f"{member.name}, by e-mail" if member else "Somebody who left"
    return f"{member.name}, by {channel.name}" if member else channel.name
