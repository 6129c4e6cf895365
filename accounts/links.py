"""The one-use links of mails, and who stands behind one that comes back."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import User
from accounts.services import set_password_link

DAYS = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days


class AddressTokens(PasswordResetTokenGenerator):
    """Void once the address is confirmed, by whichever way."""

    key_salt = "accounts.links.address"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.email_verified_at}"


address_tokens = AddressTokens()


def invitation_text(*, email: str) -> str:
    """What a new member needs to hear: the link, or that the password of their account serves here as well."""
    user = User.objects.get_by_natural_key(email)
    if user.has_usable_password() and user.email_verified_at is not None:
        return f"{email} has an account already and signs in with its password."
    return f"To set a password, once and within {DAYS} days: {set_password_link(user=user)}"


def confirmation_link(*, user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.PUBLIC_URL}/account/confirm/{uid}/{address_tokens.make_token(user)}/"


def forgotten_password_link() -> str:
    return f"{settings.PUBLIC_URL}/account/forgot-password/"


def person_of_link(*, uid: str, token: str) -> User | None:
    """Whose password the link sets; None for a link that is used, expired or forged."""
    user = _person(uid)
    return user if user and user.is_active and default_token_generator.check_token(user, token) else None


def person_of_confirmation(*, uid: str, token: str) -> User | None:
    """Whose address the link confirms; None as for ``person_of_link``."""
    user = _person(uid)
    return user if user and user.is_active and address_tokens.check_token(user, token) else None


def parts_of(text: str) -> dict[str, str]:
    """The two last parts of a link, in the form in which apps send them: ``MQ/abc-0123``."""
    uid, _, token = text.strip("/").partition("/")
    return {"uid": uid, "token": token}


def _person(uid: str) -> User | None:
    try:
        user_id = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    return User.objects.with_id(user_id) if 0 < user_id < 2**63 else None
