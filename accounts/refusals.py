"""What sign-in answers besides "wrong": none of it tells whether an account exists before its password was right."""

from __future__ import annotations

import math

from tenancy.refusals import Refusal

WRONG_CREDENTIALS = "Incorrect email or password."
DISABLED = "This account is disabled. Please ask whoever runs the platform."
NOT_CONFIRMED = (
    "The e-mail address of this account is not confirmed yet. Follow the link in the mail that you got when you "
    "registered; if it is too old, register again or set a new password to get another."
)
NO_CLINIC = "You have no access to any clinic. Please ask the clinic to invite you, or to give you access again."
CODE_NEEDED = 'This account has a second factor. Send its code as "otp" as well.'
WRONG_CODE = "The code is wrong, was used already, or has expired."
SECOND_FACTOR_FIRST = (
    "Staff sign in with a second factor. Set it up in the workplace of your clinic first: sign in there with a browser."
)


class SignInRefused(Refusal):
    pass


class SignInLocked(SignInRefused):
    status_code = 429

    def __init__(self, wait: float) -> None:
        minutes = math.ceil(wait / 60)
        super().__init__(
            f"Too many failed sign-ins. Please try again in {minutes} minute{'s' if minutes > 1 else ''}.",
            code="locked",
        )
        self.wait = wait


class LinkVoid(Refusal):
    status_code = 410

    def __init__(self) -> None:
        super().__init__("This link has been used already, or it is too old. Please ask for a new one.", code="void")
