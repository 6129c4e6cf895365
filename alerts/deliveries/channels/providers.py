"""Channels of services whose address the operator sets: PagerDuty and Twilio."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings as platform

from alerts.deliveries.channels.kind import Kind, Message, Need
from alerts.deliveries.channels.outgoing import post

_PHONE = r"\+[1-9][0-9]{6,14}"


class PagerDuty(Kind):
    """Events API v2. All messages about one alarm are one incident."""

    kind = "pagerduty"
    needs = (
        Need("routing_key", "Integration key", r"[A-Za-z0-9]{32}", "Give the 32 letters and digits.", is_secret=True),
    )
    longest_text = 1_024
    _SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}

    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        event = {
            "routing_key": settings["routing_key"],
            "event_action": "trigger",
            "dedup_key": message.episode or message.key,
            "client": "Glucose Platform",
            "payload": {
                "summary": self.cut(message.subject),
                "source": message.clinic,
                "severity": self._SEVERITIES[message.severity],
                "timestamp": message.at.isoformat(),
                "custom_details": {"text": message.text, "id": message.key},
            },
        }
        return post(f"{platform.PAGERDUTY_URL}/v2/enqueue", content=json.dumps(event).encode(), headers={}).taken()


class Sms(Kind):
    """Twilio's Programmable Messaging."""

    kind = "sms"
    needs = (
        Need("account_sid", "Account SID", r"AC[0-9a-f]{32}", "Give the SID: AC and 32 small hexadecimal digits."),
        Need("auth_token", "Auth token", r"[\x21-\x7e]{16,100}", "Give the account's auth token.", is_secret=True),
        Need("from", "Sender", _PHONE, "Give the sender's number such as +15005550006."),
        Need("to", "Receiver", _PHONE, "Give a number such as +491701234567, or tell a member by this channel."),
    )
    member_address = "phone"
    address_need = "to"
    # Ten parts; Twilio refuses more than 1,600 characters.
    longest_text = 1_500

    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        account = settings["account_sid"]
        number = "".join(mark for mark in to if mark not in " -()/.") or settings["to"]
        form = {"To": number, "From": settings["from"], "Body": self.cut(message.text)}
        answer = post(
            f"{platform.TWILIO_URL}/2010-04-01/Accounts/{account}/Messages.json",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(account, settings["auth_token"]),
        )
        return answer.taken()
