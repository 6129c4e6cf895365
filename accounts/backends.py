from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import person_with_password
from tenancy.addresses import limited_address


class EmailBackend(BaseBackend):
    """E-mail and password, for REST and the admin. Raises what ``person_with_password`` raises: forms show it."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: object
    ) -> User | None:
        if not username or password is None or "\x00" in username + password:
            return None
        address = limited_address(request) if request else ""
        return person_with_password(email=username, password=password, address=address)

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.with_id(user_id)
        return user if user and user.is_active else None
