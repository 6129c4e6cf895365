"""The kinds of channels. How to add one: docs/alert-channels.md."""

from alerts.deliveries.channels.chosen import Slack, Teams, Webhook
from alerts.deliveries.channels.kind import Kind, Message, NotSent
from alerts.deliveries.channels.mail import Email
from alerts.deliveries.channels.providers import PagerDuty, Sms
from alerts.deliveries.channels.push import Push

KINDS: dict[str, Kind] = {
    kind.kind: kind for kind in (Email(), Webhook(), Slack(), Teams(), PagerDuty(), Sms(), Push())
}

__all__ = ["KINDS", "Kind", "Message", "NotSent"]
