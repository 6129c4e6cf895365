"""The steps of an alarm in words, with who took each and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime

from alerts.engine.doubts import in_words
from alerts.engine.measures import value_words
from alerts.models import Delivery, Episode, EpisodeEvent
from alerts.services.acts import Verdict
from reports.alarm_board.wording import clock_words, glucose_words

Kind = EpisodeEvent.Kind
_PLAIN = {
    Kind.OPENED: "First sign",
    Kind.CONFIRMED: "Alarm",
    Kind.DISMISSED: "Dismissed: it was not confirmed",
    Kind.EASED: "Beyond the limit again, closing",
    Kind.RETURNED: "In alarm again",
}
_REASONS = {
    Delivery.Reason.OPENED: "first message",
    Delivery.Reason.REPEATED: "repeated",
    Delivery.Reason.ESCALATED: "escalated",
    Delivery.Reason.TEST: "test",
}


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    when: str
    what: str
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class Sent:
    to: str
    why: str
    state: str
    result: str
    when: str


def steps_of(episode: Episode, unit: str, now: datetime) -> list[Step]:
    return [
        Step(
            at=event.at,
            when=clock_words(event.at, episode.patient.zone, now=now),
            what=_what(event, unit, now),
            text=_text(event),
            who=event.actor_name if event.actor_kind != "rule" else f"The rule {event.actor_name}",
        )
        for event in episode.events.all()
    ]


def _what(event: EpisodeEvent, unit: str, now: datetime) -> str:
    detail, kind = event.detail, Kind(event.kind)
    if kind in _PLAIN:
        value = value_words(str(detail.get("metric", "")), detail.get("value")) or glucose_words(event.glucose, unit)
        return f"{_PLAIN[kind]}: {value}" if value else _PLAIN[kind]
    if kind is Kind.SNOOZED:
        until = parse_datetime(str(detail.get("until", "")))
        return f"Snoozed for themselves until {clock_words(until, now=now)}" if until else "Snoozed for themselves"
    if kind is Kind.ASSIGNED:
        return f"Assigned to {detail['name']}" if detail.get("name") else "Assigned to nobody"
    if kind is Kind.ESCALATED:
        return f"Nobody had acknowledged: level {detail.get('level')} was told, {detail.get('told', 0)} messages"
    if kind is Kind.REVIEWED:
        verdict = detail.get("verdict")
        return f"Reviewed: {Verdict(verdict).label.lower()}" if verdict in Verdict.values else "Reviewed"
    if kind is Kind.CALLED_AGAIN:
        return "Called for help again: everybody was told"
    if kind is Kind.RESOLVED:
        return "Ended by hand" if detail.get("reason") else "Ended"
    return "Acknowledged" if kind is Kind.ACKNOWLEDGED else "Comment"


def _text(event: EpisodeEvent) -> str:
    """What the person wrote, or the platform by itself."""
    if doubts := event.detail.get("doubts"):
        return " ".join(in_words(doubts))
    return str(next((event.detail[name] for name in ("text", "note", "reason", "why") if event.detail.get(name)), ""))


def deliveries_of(episode: Episode, now: datetime, most: int) -> list[Sent]:
    found = Delivery.objects.of_episode(episode).select_related("channel", "member").order_by("id")
    return [
        Sent(
            to=_recipient(delivery),
            why=_REASONS[Delivery.Reason(delivery.reason)] + (f", level {delivery.level}" if delivery.level else ""),
            state=Delivery.State(delivery.state).label.capitalize(),
            result=delivery.result,
            when=clock_words(delivery.sent_at or delivery.created_at, now=now),
        )
        for delivery in found[:most]
    ]


def _recipient(delivery: Delivery) -> str:
    member = delivery.member.name if delivery.member else ""
    channel = delivery.channel.name if delivery.channel else "E-mail"
    return f"{channel} to {member}" if member else channel


def verdict_of(episode: Episode) -> str:
    """By the last review; empty where there was none."""
    last = episode.events.filter(kind=Kind.REVIEWED).order_by("-id").first()
    return str(last.detail.get("verdict", "")) if last else ""
