"""Between the password and the code: the browser knows who is on the way, and nobody is signed in yet."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.models import User

KEY = "half_sign_in"
LASTS_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class HalfSignIn:
    """``enrolment``: of the device that is being set up, for people who have none yet."""

    user: User
    next_page: str
    enrolment: uuid.UUID | None


def begin_half(request: HttpRequest, user: User, *, next_page: str, enrolment: uuid.UUID | None = None) -> None:
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": time.time(),
        "next": next_page,
        "enrolment": str(enrolment) if enrolment else None,
    }


def current_half(request: HttpRequest) -> HalfSignIn | None:
    """None where there is none, it is too old, or the password or the account's state has changed meanwhile."""
    half = request.session.get(KEY)
    if half is None or time.time() - half["at"] > LASTS_SECONDS:
        return None
    user = User.objects.with_id(half["user"])
    if user is None or not user.is_active:
        return None
    if not constant_time_compare(half["password"], user.get_session_auth_hash()):
        return None
    return HalfSignIn(user, half["next"], uuid.UUID(half["enrolment"]) if half["enrolment"] else None)


def end_half(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
