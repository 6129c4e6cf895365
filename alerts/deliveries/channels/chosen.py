"""Channels whose address the clinic gives: a signed webhook, Slack and Teams."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from alerts.deliveries.channels.guard import AddressRefused, read_url, resolve
from alerts.deliveries.channels.kind import Kind, Message, Need
from alerts.deliveries.channels.outgoing import post_to

_URL = Need("url", "Address", r".+", "Give the address that takes the messages.", is_secret=True)


class ChosenAddress(Kind):
    needs: ClassVar[tuple[Need, ...]] = (_URL,)

    def problems(self, settings: Mapping[str, str]) -> dict[str, str]:
        found = super().problems(settings)
        if "url" not in found:
            try:
                read_url(settings["url"])
            except AddressRefused as error:
                found["url"] = str(error)
        return found

    def hint(self, name: str, value: str) -> str:
        """Of the address the host: what stands behind it is a secret with Slack and Teams."""
        return httpx.URL(value).host if name == "url" else super().hint(name, value)

    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        body = json.dumps(self.payload(message), ensure_ascii=False).encode()
        target = resolve(settings["url"])
        return post_to(target, content=body, headers=self.headers(settings, message, body)).taken()

    def payload(self, message: Message) -> Any:
        raise NotImplementedError

    def headers(self, settings: Mapping[str, str], message: Message, body: bytes) -> dict[str, str]:
        return {}


class Webhook(ChosenAddress):
    """What a receiver checks stands in docs/alert-channels.md."""

    kind = "webhook"
    needs = (
        _URL,
        Need("secret", "Secret", r"[\x21-\x7e]{32,200}", "Give 32 to 200 characters without spaces.", is_secret=True),
    )

    def payload(self, message: Message) -> Any:
        return {
            "id": message.key,
            "type": message.type,
            "episode": message.episode,
            "severity": message.severity,
            "clinic": message.clinic,
            "at": message.at.isoformat().replace("+00:00", "Z"),
            "text": self.cut(message.text),
            **message.facts,
        }

    def headers(self, settings: Mapping[str, str], message: Message, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            "Idempotency-Key": message.key,
            "X-Glucose-Timestamp": timestamp,
            "X-Glucose-Signature": f"sha256={signature(settings['secret'], timestamp, body)}",
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Slack(ChosenAddress):
    kind = "slack"

    def payload(self, message: Message) -> Any:
        # Escaped as Slack asks for: a name with <!channel> in it would call everybody.
        return {"text": html.escape(self.cut(f"{message.subject}\n{message.text}"), quote=False)}


class Teams(ChosenAddress):
    """A workflow that takes an adaptive card."""

    kind = "teams"

    def payload(self, message: Message) -> Any:
        blocks = [{"text": message.subject, "weight": "Bolder"}, {"text": self.cut(message.text)}]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            # Runs of text, which are not read as Markdown.
            "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", **block}]} for block in blocks],
        }
        return {
            "type": "message",
            "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
        }
