"""The door to deliveries: who is told of an alarm, by what, and what came of it."""

from alerts.deliveries.escalation import escalate_due, organizations_to_escalate
from alerts.deliveries.planning import plan
from alerts.deliveries.sending import oldest_due, organizations_with_deliveries, send_due, send_now
from alerts.deliveries.setup import (
    change_channel,
    change_contact,
    create_channel,
    create_contact,
    remove_channel,
    remove_contact,
    send_again,
    send_test,
)

__all__ = [
    "change_channel",
    "change_contact",
    "create_channel",
    "create_contact",
    "escalate_due",
    "oldest_due",
    "organizations_to_escalate",
    "organizations_with_deliveries",
    "plan",
    "remove_channel",
    "remove_contact",
    "send_again",
    "send_due",
    "send_now",
    "send_test",
]
