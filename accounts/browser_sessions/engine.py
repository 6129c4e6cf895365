"""Where Django keeps sessions: rows that know whose they are, so that a person can see and end them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from accounts.browser_sessions.models import BrowserSession

# Among the data of a session.
PUBLIC_ID = "public_id"
SIGNED_IN_AT = "signed_in_at"
USER_AGENT = "user_agent"
# A request writes that it was seen at most this often.
SEEN_GRAIN = timedelta(seconds=30)


class SessionStore(db.SessionStore):
    last_seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.last_seen_at = row.last_seen_at if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row: Any = super().create_model_instance(data)
        row.public_id = uuid.UUID(data[PUBLIC_ID]) if PUBLIC_ID in data else uuid.uuid4()
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.signed_in_at = moment(data, SIGNED_IN_AT)
        row.user_agent = data.get(USER_AGENT, "")
        return row  # type: ignore[no-any-return]

    def note_seen(self) -> None:
        now = timezone.now()
        if self.last_seen_at is not None and now - self.last_seen_at < SEEN_GRAIN:
            return
        BrowserSession.objects.filter(session_key=self.session_key).update(last_seen_at=now)
        self.last_seen_at = now


def moment(data: Any, name: str) -> datetime | None:
    """An instant among a session's data, which are JSON."""
    seconds = data.get(name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
