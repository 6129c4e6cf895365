from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class BrowserSession(AbstractBaseSession):
    """A browser that somebody signed in with, or is about to (``user`` empty). People see and end their own."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    signed_in_at = models.DateTimeField(null=True)
    # A column, and not a value among the data: requests side by side would write each other's data away.
    last_seen_at = models.DateTimeField(default=timezone.now)
    user_agent = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "accounts_browsersession"
        indexes = [models.Index(fields=["public_id"], name="accounts_browser_public_id")]

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.browser_sessions.engine import SessionStore

        return SessionStore
