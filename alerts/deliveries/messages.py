"""What a message says: as much of the patient as the clinic lets its messages tell, and no more."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from alerts.deliveries.channels import Message
from alerts.engine.conditions import ConditionError, read_condition
from alerts.engine.conditions.vital import Vital
from alerts.engine.doubts import Doubt, in_words
from alerts.engine.measures import MEASURES, value_words
from alerts.models import ClinicAlarms, Delivery, Episode
from patients.admissions import room_of
from readings.units import format_glucose
from tenancy.models import Organization

DISCLAIMER = "Dosing decisions should not be made based on this device."
_DETAIL = ClinicAlarms.Detail
# How "Low" and "High" of a sensor are kept.
_LOW, _HIGH = 39, 401


def message_of(delivery: Delivery, *, clinic: Organization, detail: str) -> Message:
    """``delivery`` with its episode and patient."""
    episode: Episode | None = delivery.episode
    if episode is None:
        return _test(delivery, clinic)
    lines = [
        _headline(episode, delivery, clinic, detail) + ".",
        *_measured(episode, clinic, detail),
        *_doubts(episode, detail),
        *_since_then(episode, delivery, clinic),
        f"See {settings.PUBLIC_URL}/admin/",
        DISCLAIMER,
    ]
    return Message(
        key=str(delivery.idempotency_key),
        episode=str(episode.public_id),
        type=f"alert.{delivery.reason}",
        severity=episode.severity,
        clinic=_plain(clinic.name),
        at=episode.confirmed_at or episode.opened_at,
        subject=_headline(episode, delivery, clinic, detail),
        text="\n".join(lines),
        facts=_facts(episode, delivery, clinic, detail),
    )


def _headline(episode: Episode, delivery: Delivery, clinic: Organization, detail: str) -> str:
    again = {Delivery.Reason.ESCALATED: " (not acknowledged)", Delivery.Reason.REPEATED: " (again)"}
    headline = notice_of(episode, code=delivery.patient.code, clinic=clinic, detail=detail)
    return f"{headline}{again.get(Delivery.Reason(delivery.reason), '')}"


def notice_of(episode: Episode, *, code: str, clinic: Organization, detail: str) -> str:
    """One line, for a subject or a lock screen. ``code``: the patient's."""
    what = "Alarm" if detail == _DETAIL.NONE else f"{_named(episode)}: {code}"
    return f"{what} at {_plain(clinic.name)}"


def _named(episode: Episode) -> str:
    """It stays an alarm of its severity; only its words are lowered."""
    lowered = " (possible compression low)" if Doubt.COMPRESSION in episode.doubts else ""
    return f"{_plain(episode.rule_name)}{lowered}"


def _doubts(episode: Episode, detail: str) -> list[str]:
    return [] if detail == _DETAIL.NONE else in_words(episode.doubts)


def _measured(episode: Episode, clinic: Organization, detail: str) -> list[str]:
    at = episode.confirmed_at or episode.opened_at
    if episode.kind == Episode.Kind.EMERGENCY:
        return _called(episode, clinic, detail)
    value = _value(episode.glucose, clinic) if detail == _DETAIL.VALUE and episode.glucose is not None else ""
    if detail == _DETAIL.VALUE and (measured := value_words(episode.metric, episode.value)):
        said = _bounds_passed(episode, clinic)
        value = f"{measured[0].upper()}{measured[1:]}{f' ({said})' if said else ''}{f', {value}' if value else ''}"
    lines = [f"{value}{', measured' if value else 'Measured'} on {_clock(at, clinic)}."]
    if value and episode.worst_glucose not in (None, episode.glucose):
        lines.append(f"Furthest out since then: {_value(episode.worst_glucose, clinic)}.")
    if episode.is_late and episode.found_at is not None:
        lines.append(f"This message is late: the alarm was found on {_clock(episode.found_at, clinic)}.")
    return lines


def _called(episode: Episode, clinic: Organization, detail: str) -> list[str]:
    room = "" if detail == _DETAIL.NONE else room_of(episode.patient)
    where = f" at {room}" if room else ""
    return [f"Somebody asked for help{where} on {_clock(episode.opened_at, clinic)}. Please come immediately."]


def _bounds_passed(episode: Episode, clinic: Organization) -> str:
    """As the rule said it when the episode opened."""
    try:
        condition = read_condition(episode.rule.get("condition"))
    except ConditionError:
        return ""
    asked = (node for node in condition.walk() if isinstance(node, Vital) and node.metric == episode.metric)
    return next((node.bounds_in_words for node in asked), "")


def _since_then(episode: Episode, delivery: Delivery, clinic: Organization) -> list[str]:
    lines = []
    if delivery.reason == Delivery.Reason.ESCALATED:
        lines.append(f"Nobody has acknowledged it: this is level {delivery.level} of the contacts.")
    if episode.ended_at is not None:
        lines.append(f"It ended on {_clock(episode.ended_at, clinic)}.")
    return lines


def _facts(episode: Episode, delivery: Delivery, clinic: Organization, detail: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"late": episode.is_late, "level": delivery.level, "ended": not episode.is_open}
    if detail != _DETAIL.NONE:
        facts |= {"patient": delivery.patient.code, "rule": episode.rule_code, "ruleName": episode.rule_name}
        facts["doubts"] = episode.doubts
    if episode.kind == Episode.Kind.EMERGENCY:
        facts["emergency"] = True
    if detail == _DETAIL.VALUE and episode.value is not None and episode.metric in MEASURES:
        facts |= {"metric": episode.metric, "value": episode.value, "metricUnit": MEASURES[episode.metric].unit}
    if detail == _DETAIL.VALUE and episode.glucose is not None:
        facts |= {"glucose": _number(episode.glucose, clinic), "unit": clinic.glucose_unit}
    return facts


def _test(delivery: Delivery, clinic: Organization) -> Message:
    subject = f"Test of alarm messages at {_plain(clinic.name)}"
    return Message(
        key=str(delivery.idempotency_key),
        episode="",
        type="alert.test",
        severity="low",
        clinic=_plain(clinic.name),
        at=delivery.created_at,
        subject=subject,
        text=f"{subject}. It concerns no patient, and nothing has to be done.\n{DISCLAIMER}",
        facts={},
    )


def _number(mg_dl: int, clinic: Organization) -> str:
    return {_LOW: "Low", _HIGH: "High"}.get(mg_dl) or format_glucose(mg_dl, clinic.glucose_unit)


def _value(mg_dl: int | None, clinic: Organization) -> str:
    number = "" if mg_dl is None else _number(mg_dl, clinic)
    return number if number in ("", "Low", "High") else f"{number} {clinic.glucose_unit}"


def _clock(instant: datetime, clinic: Organization) -> str:
    """By the clinic's clock: the patient's zone would tell where the patient is."""
    return f"{instant.astimezone(ZoneInfo(clinic.timezone)):%d %B %Y, %H:%M} ({clinic.timezone.replace('_', ' ')})"


def _plain(text: str) -> str:
    """A line break in a name would begin a new header of a mail, or a line of somebody's choice."""
    return " ".join(text.split())
