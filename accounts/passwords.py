from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BCryptPasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

DEMO_PASSWORD = "demo-glucose-2026"  # noqa: S105  public on purpose, and refused outside the demo


def is_refused_demo_password(password: str) -> bool:
    return password == DEMO_PASSWORD and not settings.DEMO


def check_new_password(password: str, user: Any, *, field: str = "password") -> None:
    """Raises ValidationError, which names the field that the caller sent it in."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({field: error.error_list}) from None


class WholePasswordBcryptHasher(BCryptPasswordHasher):
    """bcrypt sees 72 bytes only: a longer password is refused rather than taken for its beginning."""

    def verify(self, password: str, encoded: str) -> bool:
        return len(password.encode()) <= 72 and super().verify(password, encoded)


class NoDemoPasswordValidator:
    """The demo's password stands in the README; nobody may protect patients with it."""

    def validate(self, password: str, user: Any = None) -> None:
        if is_refused_demo_password(password):
            raise ValidationError("This is the demo's password. Choose one of your own.", code="password_demo")

    def get_help_text(self) -> str:
        return "The password is not the demo's."


class MaximumLengthValidator:
    """Argon2 would take megabytes, and a server's time with them."""

    def __init__(self, max_length: int = 128) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(f"The password has more than {self.max_length} characters.", code="password_long")
        if "\x00" in password:
            raise ValidationError("The password holds a NUL character.", code="password_nul")

    def get_help_text(self) -> str:
        return f"At most {self.max_length} characters."
