"""Mails about an account, written by the worker: no message holds a link. They find out only here whether it exists."""

from __future__ import annotations

from collections.abc import Callable

from accounts.links import DAYS, confirmation_link, forgotten_password_link
from accounts.mail import send_mail
from accounts.models import User
from accounts.services import set_password_link


def tell_about_registration(user: User) -> None:
    if user.email_verified_at is None:
        send_mail(
            to=user.email, template="confirm_address", context={"link": confirmation_link(user=user), "days": DAYS}
        )
    else:
        send_mail(to=user.email, template="already_registered", context={"link": forgotten_password_link()})


def send_password_link(user: User) -> None:
    context = {"link": set_password_link(user=user), "days": DAYS}
    send_mail(to=user.email, template="set_password", context=context)


def tell_about_new_password(user: User) -> None:
    send_mail(to=user.email, template="password_changed", context={"link": forgotten_password_link()})


def tell_about_linked_identity(user: User) -> None:
    send_mail(to=user.email, template="identity_linked", context={"link": forgotten_password_link()})


MAILS: dict[str, Callable[[User], None]] = {
    "registration": tell_about_registration,
    "password_link": send_password_link,
    "password_changed": tell_about_new_password,
    "identity_linked": tell_about_linked_identity,
}


def mail_about_account(*, kind: str, user_id: int) -> None:
    """Nothing for an account that is disabled or, with 0, for an address that has none."""
    user = User.objects.with_id(user_id)
    if user is not None and user.is_active:
        MAILS[kind](user)
