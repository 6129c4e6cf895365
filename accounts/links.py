"""The one-use link with which a person sets a password, and who stands behind one that comes back."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.http import urlsafe_base64_decode

from accounts.models import User
from accounts.services import set_password_link


def invitation_text(*, email: str) -> str:
    """What a new member needs to hear: the link, or that the password of their account serves here as well."""
    user = User.objects.get_by_natural_key(email)
    if user.has_usable_password():
        return f"{email} has an account already and signs in with its password."
    days = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days
    return f"To set a password, once and within {days} days: {set_password_link(user=user)}"


def person_of_link(*, uid: str, token: str) -> User | None:
    """Whose password the link sets; None for a link that is used, expired or forged."""
    try:
        user_id = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    if not 0 < user_id < 2**63:
        return None
    user = User.objects.with_id(user_id)
    return user if user and user.is_active and default_token_generator.check_token(user, token) else None
