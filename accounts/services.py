"""The one door for changes to accounts and memberships."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.browser_sessions.models import BrowserSession
from accounts.identities import unlink_identities
from accounts.invitations import close_invitation
from accounts.models import Invitation, Membership, RefreshFamily, User
from accounts.plans.catalogue import Limit
from accounts.plans.limits import require_room
from accounts.plans.usage import members_in_use
from accounts.principals import PersonPrincipal
from accounts.refusals import LinkVoid
from accounts.roles import Role, role_allows
from accounts.rules import refuse_to_hand_out_ownership, refuse_unfitting_role
from audit.actions import Action
from audit.changes import record_creation, record_update, values_before
from audit.services import record_for_person
from tenancy.managers import audited_elsewhere
from tenancy.scope import current_scope, person_scope, required_organization_id, scoped

T = TypeVar("T")
# Of a membership: they repeat what the entry says.
COPIED = ("user", "user_public_id", "patient_id")


def in_own_scope(user: User, work: Callable[[], T]) -> T:
    """Run ``work`` where the person's own account row is visible: in the active scope, or in one made for it."""
    if current_scope() is not None:
        return work()
    with person_scope(user.pk), transaction.atomic():
        return work()


@transaction.atomic
def add_member(
    *,
    email: str,
    name: str,
    role: str,
    phone: str = "",
    password: str | None = None,
    patient_id: int | None = None,
    acting_role: str | None = None,
) -> Membership:
    """Give a person a place in the clinic in scope; an account is made where the address has none yet.

    A password is set only on an account that this call makes. ``acting_role``: of the member who does it; None for an
    operator. Raises ValidationError for a bad address, role or password, and where the person is a member already;
    PermissionDenied where somebody other than an owner would make an owner.
    """
    refuse_to_hand_out_ownership(acting_role, role)
    email = email.strip()
    validate_email(email)
    refuse_unfitting_role(role, patient_id)
    if password is not None:
        validate_password(password, User(email=email))
    if role != Role.PATIENT:
        require_room(Limit.MEMBERS, used=members_in_use)
    membership = Membership(email=email, name=name, role=role, phone=phone, patient_id=patient_id)
    membership.user_id, membership.user_public_id = make_account(
        email, make_password(password), verified=password is not None
    )
    # Not the key to the account: the clinic cannot see that row, and it was just asked for.
    membership.clean_fields(exclude=["user"])
    membership.validate_constraints(exclude={"user_public_id"})
    membership.save()
    record_creation(membership, object_id=str(membership.user_public_id), patient_id=patient_id, skip=COPIED)
    return membership


def make_account(email: str, password_hash: str, *, verified: bool) -> tuple[int, uuid.UUID]:
    """The account with this address; one is made where there is none. Costs the same either way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_person(%s, %s, %s)", [email, password_hash, verified])
        (user_id,) = cursor.fetchone()
        # A statement of its own: the one before does not see the row that it makes.
        cursor.execute("SELECT public_id FROM accounts_user_by_id(%s)", [user_id])
        (public_id,) = cursor.fetchone()
    return user_id, public_id


@transaction.atomic
def change_member(*, membership: Membership, changes: dict[str, Any], acting_role: str | None = None) -> Membership:
    """Change name, phone, role or state. The last owner stays an owner, and only owners decide who is one.

    Raises ValidationError and PermissionDenied as ``add_member`` does.
    """
    # The owners are locked as well, in one order: two who step down at once are seen one after the other.
    wanted = Q(pk=membership.pk) | Q(role=Role.OWNER, is_active=True)
    members = {member.pk: member for member in Membership.objects.filter(wanted).select_for_update().order_by("id")}
    locked: Membership = members.pop(membership.pk)
    refuse_to_hand_out_ownership(acting_role, locked.role, changes.get("role"))
    loses_owner = locked.role == Role.OWNER and (
        changes.get("role", Role.OWNER) != Role.OWNER or changes.get("is_active") is False
    )
    if loses_owner and not members:
        raise ValidationError("The last owner of an organization stays its owner.")
    before, was_counted = values_before(locked, changes), locked.takes_a_place
    for name, value in changes.items():
        setattr(locked, name, value)
    if locked.takes_a_place and not was_counted:
        require_room(Limit.MEMBERS, used=members_in_use)
    refuse_unfitting_role(locked.role, locked.patient_id)
    locked.full_clean(exclude=["user"])
    locked.save(update_fields=sorted(changes))
    if not locked.is_active:
        _end_apps_of(locked)
    _withdraw_invitations_of(locked)
    record_update(locked, before, object_id=str(locked.user_public_id), patient_id=locked.patient_id)
    return locked


def _end_apps_of(member: Membership) -> None:
    """For good: whoever is admitted again, perhaps in another role, signs in anew."""
    apps = RefreshFamily.objects.filter(user_id=member.user_id, for_organization=required_organization_id())
    apps.revoke(because="no member any more")


def _withdraw_invitations_of(member: Membership) -> None:
    """Those that wait for an answer and that the member could not make any more."""
    may_invite = member.is_active and role_allows(member.role, "accounts.add_invitation")
    for invitation in Invitation.objects.filter(invited_by=member, state=Invitation.State.PENDING):
        if not may_invite or (invitation.role == Role.OWNER and member.role != Role.OWNER):
            close_invitation(invitation=invitation, state=Invitation.State.CANCELLED)


def deactivate_member(*, membership: Membership, acting_role: str | None = None) -> Membership:
    """Take a person's access to the clinic; what they did stays. Takes effect with their next request."""
    return change_member(membership=membership, changes={"is_active": False}, acting_role=acting_role)


def note_use_of_membership(*, principal: PersonPrincipal) -> None:
    """Remember which clinic the person worked in last: the next sign-in begins there."""
    with scoped(principal.scope), transaction.atomic(), audited_elsewhere("the sign-in has an entry of its own"):
        Membership.objects.filter(pk=principal.membership_id).update(last_used_at=Now())


def set_password_link(*, user: User) -> str:
    """A link that sets the password once: it is void as soon as the password has changed."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.PUBLIC_URL}/account/set-password/{uid}/{default_token_generator.make_token(user)}/"


def set_password(
    *, user: User, password: str, confirms_address: bool = False, keep_family: uuid.UUID | None = None
) -> None:
    """Set a password; every token that was issued before is refused from now on.

    ``confirms_address``: the person came by a link from their mail, which is void (LinkVoid) where the password has
    changed since ``user`` was read. ``keep_family``: the sign-in that goes on, with new tokens. Raises ValidationError
    for a password that is not good enough.
    """
    validate_password(password, user)
    changes: dict[str, Any] = {"password": make_password(password), "version": F("version") + 1}
    if confirms_address:
        changes["email_verified_at"] = Coalesce("email_verified_at", Now())
    in_own_scope(user, lambda: _save_password(user, changes, keep_family))


@transaction.atomic
def _save_password(user: User, changes: dict[str, Any], keep_family: uuid.UUID | None) -> None:
    account = User.objects.filter(pk=user.pk)
    by_link = "email_verified_at" in changes
    # Of two who use one link at once, the second waits here and finds another password.
    if not (account.filter(password=user.password) if by_link else account).update(**changes):
        raise LinkVoid
    if by_link:
        # Whoever had come in before may have left themselves another way in.
        unlink_identities(user_id=user.pk, user_public_id=user.public_id)
    user.refresh_from_db(fields=list(changes))
    record_for_person(user_public_id=user.public_id, action=Action.PASSWORD_CHANGED)
    alive = RefreshFamily.objects.filter(user=user).not_revoked()
    kept = [keep_family] if keep_family else []
    alive.exclude(pk__in=kept).revoke(because="password")
    # They would end with their next request; until then they would be shown as signed in.
    BrowserSession.objects.filter(user=user).delete()
    # A family ends with the version of the account that it began with: this one goes over to the new one.
    alive.filter(pk__in=kept).update(user_version=user.version)


def forget_expired_sign_ins() -> None:
    """Remove sign-ins that ended long ago; until then a reused token still finds its revoked family."""
    RefreshFamily.objects.filter(expires_at__lt=timezone.now() - timedelta(days=30)).delete()
    BrowserSession.objects.filter(expire_date__lt=timezone.now()).delete()
