"""How long a browser stays signed in, how fresh that is, and how a person ends it."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.browser_sessions.engine import PUBLIC_ID, SIGNED_IN_AT, USER_AGENT, moment
from accounts.browser_sessions.models import BrowserSession
from accounts.models import User
from audit.actions import Action
from audit.services import record_for_person

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
# A sign-in, or a password or code asked for again, is good for this long where much is at stake.
FRESH = timedelta(minutes=10)
# Among the data of a session.
PROVED_AT = "proved_at"
SECOND_FACTOR = "second_factor"
ENDED_BECAUSE = "ended_because"

SENTENCES = {
    "idle": "You were signed out after 15 minutes without activity.",
    "longest": "You were signed out: a sign-in lasts 12 hours at most.",
}


def note_sign_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Begin the clocks of the session that Django has just given a new key."""
    session = request.session
    session[PUBLIC_ID] = str(uuid.uuid4())
    session[SIGNED_IN_AT] = session[PROVED_AT] = time.time()
    session[USER_AGENT] = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:200]


def watch_sign_ins() -> None:
    user_logged_in.connect(note_sign_in, dispatch_uid="accounts.browser_sessions")


def reason_of_end(session: Any) -> str | None:
    """Why the session is over, as a key of SENTENCES; None while it lasts."""
    now = timezone.now()
    signed_in_at = moment(session, SIGNED_IN_AT)
    if signed_in_at is None or now - signed_in_at >= LONGEST:
        return "longest"
    if session.last_seen_at is not None and now - session.last_seen_at >= IDLE:
        return "idle"
    return None


def is_fresh(session: Any) -> bool:
    proved_at = moment(session, PROVED_AT)
    return proved_at is not None and timezone.now() - proved_at < FRESH


def note_proof(session: Any) -> None:
    session[PROVED_AT] = time.time()


def live_sessions(user: User) -> QuerySet[BrowserSession]:
    now = timezone.now()
    return BrowserSession.objects.filter(
        user_id=user.pk, signed_in_at__gt=now - LONGEST, last_seen_at__gt=now - IDLE
    ).order_by("-last_seen_at")


def end_session(*, user: User, public_id: uuid.UUID) -> bool:
    """The browser is signed out with its next request."""
    return _end(user, BrowserSession.objects.filter(public_id=public_id), "a sign-in of a browser") > 0


def end_other_sessions(*, user: User, but: str | None) -> int:
    """``but``: the key of the session that stays."""
    return _end(user, BrowserSession.objects.exclude(session_key=but or ""), "all other browsers")


@transaction.atomic
def _end(user: User, sessions: QuerySet[BrowserSession], which: str) -> int:
    count, _ = sessions.filter(user_id=user.pk).delete()
    if count:
        record_for_person(user_public_id=user.public_id, action=Action.SESSION_REVOKED, reason=which)
    return count
