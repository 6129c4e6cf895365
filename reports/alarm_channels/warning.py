"""What the clinic's owners and admins must know at once: an alarm might reach nobody in time."""

from __future__ import annotations

from django.http import HttpRequest

from alerts.deliveries.reach import reaches_nobody_named
from alerts.models import Channel

CHANGE = "alerts.change_channel"
SHOWN = 3


def channel_warnings(request: HttpRequest) -> list[str]:
    """Sentences, two questions to the database; nothing for those who cannot mend it."""
    if not request.user.has_perm(CHANGE):
        return []
    found = []
    if reaches_nobody_named():
        found.append(
            "Nobody is named to be told of alarms at once: owners, admins and the patient's care team are only mailed. "
            "Name contacts."
        )
    dead = list(Channel.objects.dead().values_list("name", flat=True)[: SHOWN + 1])
    if dead:
        names = ", ".join(dead[:SHOWN]) + (" and others" if len(dead) > SHOWN else "")
        found.append(f"Alarms do not get through by {names}: the owners are mailed in its place. Look at the channel.")
    return found
