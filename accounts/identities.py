"""Which accounts of other sign-in services stand for one of ours: only those that their person has linked."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.firebase import Identity
from accounts.models import ExternalIdentity, User
from audit.actions import Action
from audit.services import record_for_person

LINKED_ALREADY = "This Firebase account is linked to an account here already."


def person_of_identity(identity: Identity) -> User | None:
    """Found by a definer function: before sign-in the app role sees no links. A disabled account as well."""
    question = "SELECT * FROM accounts_user_by_identity(%s, %s)"
    return next(iter(User.objects.raw(question, [identity.issuer, identity.subject])), None)


def link_identity(*, user_id: int, user_public_id: uuid.UUID, identity: Identity) -> None:
    """In the person's scope. Raises ValidationError where the identity stands for somebody already."""
    try:
        with transaction.atomic():
            ExternalIdentity.objects.create(user_id=user_id, issuer=identity.issuer, subject=identity.subject)
    except IntegrityError:
        raise ValidationError({"idToken": ValidationError(LINKED_ALREADY, code="unique")}) from None
    record_for_person(user_public_id=user_public_id, action=Action.UPDATE, reason="a Firebase account was linked")


def unlink_identities(*, user_id: int, user_public_id: uuid.UUID) -> None:
    count, _ = ExternalIdentity.objects.filter(user_id=user_id).delete()
    if count:
        record_for_person(user_public_id=user_public_id, action=Action.UPDATE, reason="Firebase accounts were unlinked")
