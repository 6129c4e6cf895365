"""A phone for tests: sets up a second factor as a person does, and shows codes."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django_otp.oath import totp

from accounts.models import User
from accounts.one_time.services import confirm, enrol


@dataclass(frozen=True)
class Phone:
    secret: str
    recovery_codes: list[str]


def code_for(secret: str, *, steps: int = 0) -> str:
    """What the app shows now; ``steps`` half minutes later. The platform accepts one step ahead, and no code twice."""
    key = base64.b32decode(secret.replace(" ", ""))
    return f"{totp(key, t0=-30 * steps):06}"


def set_up_second_factor(user: User) -> Phone:
    enrolment = enrol(user=user)
    return Phone(enrolment.secret, confirm(user=user, code=code_for(enrolment.secret)))
