"""What devices do with their commands, in SQL that the data plane runs for many devices at once."""

from __future__ import annotations

# Of a row of devices_devicecommand called ``command``: the device would get it if it asked now.
WAITING = """
(command.status = 'pending' AND command.due_at <= now() OR command.status = 'sent' AND command.offer_again_at <= now())
AND command.expires_at > now()
"""


def number_waiting(*, organization: str, device: str) -> str:
    """An expression: how many commands the device would get. Name the two columns, as ``device.id``."""
    waiting = f"""(SELECT count(*) FROM devices_devicecommand command
                 WHERE command.organization_id = {organization} AND command.device_id = {device}
                   AND command.status IN ('pending', 'sent') AND {WAITING})"""  # noqa: S608  names of columns, from statements of ours
    return waiting
