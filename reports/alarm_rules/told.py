"""Who hears of an alarm of a severity, in words. Contacts are the clinic's or a group's: no rule chooses them."""

from __future__ import annotations

from alerts.deliveries.recipients import contacts_at, group_of, is_usable
from alerts.models import Contact, Severity
from reports.alarm_rules.places import Place

_ORDER = [Severity.LOW.value, Severity.MEDIUM.value, Severity.HIGH.value, Severity.CRITICAL.value]
_GRAVE = (Severity.HIGH.value, Severity.CRITICAL.value)
_WHEN = ("At once", "After 5 minutes without an answer", "After 15 minutes", "After 30 minutes")


def who_is_told(severity: str, place: Place) -> list[str]:
    """A sentence for each step; lesser alarms are not handed on."""
    group_id = group_of(place.patient.pk) if place.patient else place.group.pk if place.group else None
    steps = _WHEN if severity in _GRAVE else _WHEN[:1]
    return [f"{when}: {_names(contacts_at(level, group_id), level, severity)}." for level, when in enumerate(steps)]


def _names(contacts: list[list[Contact]], level: int, severity: str) -> str:
    """In the order in which those who deliver ask: the group's, the clinic's, else those who answer for it."""
    for of_level in contacts:
        told = [one for one in of_level if is_usable(one) and _hears(one, severity)]
        if told:
            return ", ".join(" to ".join(filter(None, [_channel(one), _member(one)])) for one in told)
        if of_level and severity not in _GRAVE:
            return "nobody, by the choice of the clinic"
    return "the owners and admins" + (", and the patient's care team" if level == 0 else "")


def _hears(contact: Contact, severity: str) -> bool:
    return _ORDER.index(severity) >= _ORDER.index(contact.minimum_severity)


def _channel(contact: Contact) -> str:
    return contact.channel.name if contact.channel else ""


def _member(contact: Contact) -> str:
    return contact.member.name if contact.member else ""
