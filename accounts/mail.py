"""Mails to people: plain text, sent by workers. What a mail says stands in ``templates/account/mail``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

# For tasks that mail: a mail server that is away (smtplib's errors are OSErrors) is asked again for about a quarter of
# an hour. A mail may then come twice, which is better than not at all.
RETRIED: dict[str, Any] = {"autoretry_for": (OSError,), "retry_backoff": 10, "retry_backoff_max": 600, "max_retries": 6}


def send_mail(*, to: str, template: str, context: Mapping[str, Any]) -> None:
    """The first line of the template is the subject. Only for workers: it waits for the mail server."""
    subject, _, text = render_to_string(f"account/mail/{template}.txt", dict(context)).partition("\n")
    EmailMessage(subject.strip(), text.strip() + "\n", to=[to]).send()


class NoMailServer(BaseEmailBackend):
    """Production without a mail server: printing links that set passwords would put them into the logs."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ImproperlyConfigured("No mail can be sent: set EMAIL_HOST to your mail server, and EMAIL_FROM.")
