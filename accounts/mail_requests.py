"""Mails that people ask for: so many an hour to one address, and the worker alone learns whether it has an account."""

from __future__ import annotations

import structlog

from accounts.models import User
from accounts.tasks import mail_about_account_task
from tenancy.limits import allow
from tenancy.tasks import send_task

NOBODY = 0

log = structlog.get_logger(__name__)


def ask_for_mail(*, kind: str, email: str, user_id: int) -> bool:
    """False where the workers cannot be reached. Too many mails to one address end here, in silence for the caller."""
    if allow("mails", email.strip().lower()) is not None:
        log.warning("mail_not_sent", kind=kind, reason="too many to this address within the hour")
        return True
    return send_task(mail_about_account_task, kind=kind, user_id=user_id)


def ask_for_password_link(*, email: str) -> bool:
    """The same work for an address without an account, up to the message."""
    user = User.objects.with_email(email.strip())
    return ask_for_mail(kind="password_link", email=email, user_id=user.pk if user else NOBODY)
