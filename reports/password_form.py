from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from unfold.forms import AdminOwnPasswordChangeForm

from accounts.mail_requests import ask_for_mail
from accounts.models import User
from accounts.proofs import require_password
from accounts.services import set_password


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Through the services: guesses at the old password are counted, and tokens of the person's apps end with it."""

    user: User

    def clean_old_password(self) -> str:
        typed: str = self.cleaned_data["old_password"]
        try:
            require_password(user=self.user, password=typed)
        except ValidationError as refusal:
            raise ValidationError(refusal.messages) from None
        return typed

    def save(self, commit: bool = True) -> User:
        set_password(user=self.user, password=self.cleaned_data["new_password1"])
        transaction.on_commit(
            lambda: ask_for_mail(kind="password_changed", email=self.user.email, user_id=self.user.pk)
        )
        return self.user
