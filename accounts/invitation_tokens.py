"""The secret in an invitation's link. It is made again by the worker that mails it: no row and no message holds it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import Invitation

PREFIX = "gli_"


def invitation_token(invitation: Invitation) -> str:
    """Depends on the end of the term, so that sending again makes a new one and the former is void."""
    body = f"{invitation.public_id}|{invitation.expires_at.astimezone(UTC).isoformat()}"
    secret = salted_hmac("accounts.invitation", body, algorithm="sha256").digest()
    return PREFIX + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def invitation_link(invitation: Invitation) -> str:
    return f"{settings.PUBLIC_URL}/account/invitation/{invitation_token(invitation)}/"
