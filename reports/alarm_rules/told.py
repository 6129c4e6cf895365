"""Who hears of an alarm of a severity, in words. Contacts are the clinic's: a rule only chooses among them."""

from __future__ import annotations

from alerts.models import Contact, Severity

_ORDER = [Severity.LOW.value, Severity.MEDIUM.value, Severity.HIGH.value, Severity.CRITICAL.value]
_GRAVE = (Severity.HIGH.value, Severity.CRITICAL.value)
_WHEN = ("At once", "After 5 minutes without an answer", "After 15 minutes", "After 30 minutes")


def who_is_told(severity: str) -> list[str]:
    """A sentence for each step; lesser alarms are not handed on."""
    contacts = list(Contact.objects.select_related("member", "channel"))
    steps = _WHEN if severity in _GRAVE else _WHEN[:1]
    return [f"{when}: {_names(contacts, level, severity)}." for level, when in enumerate(steps)]


def _names(contacts: list[Contact], level: int, severity: str) -> str:
    of_level = [one for one in contacts if one.position == level]
    usable = [
        one
        for one in of_level
        if (one.member is None or one.member.is_active)
        and (one.channel is None or one.channel.is_on)
        and _ORDER.index(severity) >= _ORDER.index(one.minimum_severity)
    ]
    if usable:
        return ", ".join(" to ".join(filter(None, [_channel(one), _member(one)])) for one in usable)
    if of_level and severity not in _GRAVE:
        return "nobody, by the choice of the clinic"
    return "the owners and admins" + (", and the patient's care team" if level == 0 else "")


def _channel(contact: Contact) -> str:
    return contact.channel.name if contact.channel else ""


def _member(contact: Contact) -> str:
    return contact.member.name if contact.member else ""
