"""Who may have devices do what, beyond the right to send commands at all."""

from __future__ import annotations

from devices.commands.models import Kind

# What changes the device for good, or in ways that nobody here checks.
OPERATE = "devices.operate_devicecommand"
_FOR_OPERATORS = frozenset({Kind.UPDATE_FIRMWARE, Kind.RESET, Kind.CUSTOM})


def needs_an_operator(kind: str) -> bool:
    return kind in _FOR_OPERATORS
