from __future__ import annotations

from unfold.forms import AdminOwnPasswordChangeForm

from accounts.models import User
from accounts.services import set_password


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Through the service: tokens of the person's apps end with the old password as well."""

    user: User

    def save(self, commit: bool = True) -> User:
        set_password(user=self.user, password=self.cleaned_data["new_password1"])
        return self.user
