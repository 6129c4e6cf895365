"""Accounts that people make by themselves, and passwords that they set anew.

Whoever registers an address has not shown that it is theirs. The account can be used only after its mailbox was opened
*and* the registration's password typed, or another one set by a link from the mailbox: a password that somebody else
chose beforehand never opens it.
"""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils import timezone

from accounts.invitation_answers import Offer, accept_invitation
from accounts.links import person_of_confirmation, person_of_link
from accounts.models import Membership, User
from accounts.passwords import check_new_password
from accounts.refusals import LinkVoid
from accounts.services import change_member, in_own_scope, make_account, set_password
from accounts.sign_in import account_with_password
from audit.actions import Action
from audit.services import record_for_person
from tenancy.scope import organization_scope

# In one transaction: each takes a look at every table that may know the account.
FORGOTTEN_AT_ONCE = 1000


def register(*, email: str, password: str) -> int:
    """The key of the account with this address; one is made where there is none, and nothing changed where there is.

    The same work either way. Raises ValidationError for a bad address or password.
    """
    email = email.strip()
    validate_email(email)
    check_new_password(password, User(email=email))
    with transaction.atomic():
        user_id, _ = make_account(email, make_password(password), verified=False)
    return user_id


def register_invited(*, offer: Offer, email: str, password: str, name: str) -> None:
    """Make the account and take the place that the invitation offers: its link came from the mailbox.

    Raises ValidationError for another address than the invited one, and what ``accept_invitation`` raises.
    """
    if email.strip().lower() != offer.email.lower():
        raise ValidationError({"email": "The invitation is for another address."})
    check_new_password(password, User(email=offer.email))
    with transaction.atomic():
        accept_invitation(offer=offer, password=password)
        with organization_scope(offer.organization_id):
            member = Membership.objects.get(email__iexact=offer.email)
            change_member(membership=member, changes={"name": name})


def confirm_address(*, uid: str, token: str, password: str, address: str) -> User | None:
    """Make a registered account usable. None where the password is not the registration's.

    ``address``: where the try comes from, as limits count it. Raises LinkVoid; SignInLocked after too many tries.
    """
    user = person_of_confirmation(uid=uid, token=token)
    if user is None or user.email_verified_at is not None:
        raise LinkVoid
    if account_with_password(email=user.email, password=password, address=address) is None:
        return None
    in_own_scope(user, lambda: _note_confirmed(user))
    return user


@transaction.atomic
def _note_confirmed(user: User) -> None:
    waiting = User.objects.filter(pk=user.pk, email_verified_at__isnull=True)
    if waiting.update(email_verified_at=timezone.now()):
        record_for_person(user_public_id=user.public_id, action=Action.UPDATE, reason="e-mail address confirmed")


def reset_password(*, uid: str, token: str, password: str) -> User:
    """Set a password by the link of a mail, which confirms the address too. Raises LinkVoid, ValidationError."""
    user = person_of_link(uid=uid, token=token)
    if user is None:
        raise LinkVoid
    check_new_password(password, user)
    set_password(user=user, password=password, confirms_address=True)
    return user


def forget_unconfirmed_accounts() -> int:
    """Remove accounts that nobody confirmed within 30 days and that no clinic knows; returns how many.

    Nobody ever signed in to them, so there is nothing else of them. Whoever comes later registers anew; an account that
    was disabled stays so.
    """
    total = 0
    while count := _forget_some():
        total += count
    return total


@transaction.atomic
def _forget_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_forget_unconfirmed(%s)", [FORGOTTEN_AT_ONCE])
        return int(cursor.fetchone()[0])
