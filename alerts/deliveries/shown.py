"""What may be seen of a channel's settings: which are set, and of secrets enough to tell one from another."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.deliveries.channels import KINDS
from alerts.models import Channel
from tenancy.encryption.errors import Shredded


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """``value``: None for a secret, and where nothing is set. ``hint``: of a secret."""

    name: str
    label: str
    is_secret: bool
    is_set: bool
    value: str | None
    hint: str | None


def shown_settings(channel: Channel) -> list[ShownSetting]:
    kind = KINDS[channel.kind]
    try:
        opened = channel.opened_settings
    except Shredded:
        # The keys were destroyed: as good as not set.
        opened = {}
    found = []
    for need in kind.needs:
        text = opened.get(need.name, "")
        value = text if text and not need.is_secret else None
        hint = kind.hint(need.name, text) if text and need.is_secret else None
        found.append(ShownSetting(need.name, need.label, need.is_secret, bool(text), value, hint))
    return found
