"""What can be listened to, and who may."""

from __future__ import annotations

from collections.abc import Collection

from rest_framework.exceptions import PermissionDenied

from devices.commands.steps import CANCELLED, CREATED
from edge.callers import KeyPrincipal, Principal

VITALS, DEVICE_STATUS, ALERTS, COMMANDS = TOPICS = ("vitals", "device-status", "alerts", "commands")
# Of events about the stream itself, which are for everybody who listens.
STREAM = "stream"
# The first word of an event's type decides its topic.
TOPIC_OF = {
    "reading": VITALS,
    "vital": VITALS,
    "device": DEVICE_STATUS,
    "alert": ALERTS,
    "command": COMMANDS,
    STREAM: STREAM,
}
RIGHTS = {
    VITALS: "readings.view_glucosereading",
    DEVICE_STATUS: "devices.view_device",
    ALERTS: "alerts.view_episode",
    COMMANDS: "devices.view_devicecommand",
}
# What a device hears of its own commands with its key. It fetches them as if it had heard nothing.
FOR_DEVICES = frozenset({CREATED, CANCELLED})


def topic_of(event_type: str) -> str | None:
    """None: nobody can listen to it."""
    return TOPIC_OF.get(event_type.partition(".")[0])


def topics_for(principal: Principal, asked: Collection[str]) -> frozenset[str]:
    """``asked`` empty: all that the caller may listen to. Raises PermissionDenied."""
    if isinstance(principal, KeyPrincipal):
        allowed = {COMMANDS}
    else:
        allowed = {topic for topic in TOPICS if principal.may(RIGHTS[topic])}
    wanted = set(asked) or allowed
    if not wanted or not wanted <= allowed:
        raise PermissionDenied
    return frozenset(wanted)
