from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.passwords import is_refused_demo_password
from accounts.services import in_own_scope


class EmailBackend(BaseBackend):
    """E-mail and password. An unknown address costs the same hash as a known one."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or password is None or "\x00" in username:
            return None
        try:
            user = User.objects.get_by_natural_key(username)
        except User.DoesNotExist:
            User().set_password(password)
            return None
        if not _password_matches(user, password):
            return None
        return user if user.is_active and not is_refused_demo_password(password) else None

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.with_id(user_id)
        return user if user and user.is_active else None


def _password_matches(user: User, password: str) -> bool:
    # check_password() may re-hash and save; the account row is visible only in the person's own scope.
    return in_own_scope(user, lambda: user.check_password(password))
