"""What can be listened to, and who may."""

from __future__ import annotations

from collections.abc import Collection

from rest_framework.exceptions import PermissionDenied

from accounts.principals import PersonPrincipal

VITALS, DEVICE_STATUS, ALERTS = TOPICS = ("vitals", "device-status", "alerts")
# Of events about the stream itself, which are for everybody who listens.
STREAM = "stream"
# The first word of an event's type decides its topic.
TOPIC_OF = {"reading": VITALS, "vital": VITALS, "device": DEVICE_STATUS, "alert": ALERTS, STREAM: STREAM}
RIGHTS = {
    VITALS: "readings.view_glucosereading",
    DEVICE_STATUS: "devices.view_device",
    ALERTS: "alerts.view_episode",
}


def topic_of(event_type: str) -> str | None:
    """None: nobody can listen to it."""
    return TOPIC_OF.get(event_type.partition(".")[0])


def topics_for(principal: PersonPrincipal, asked: Collection[str]) -> frozenset[str]:
    """``asked`` empty: all that the person may listen to. Raises PermissionDenied."""
    allowed = {topic for topic in TOPICS if principal.may(RIGHTS[topic])}
    wanted = set(asked) or allowed
    if not wanted or not wanted <= allowed:
        raise PermissionDenied
    return frozenset(wanted)
