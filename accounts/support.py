"""The platform's support inside a clinic: entered with a reason, for an hour at most, seen by the clinic."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.acting import acting_as
from accounts.models import SupportAccess, User
from accounts.principals import person_principal
from accounts.roles import SUPPORT
from audit.actions import Action
from audit.services import record
from tenancy.directory import OrganizationIdentity, organization_by_code

SHORTEST_REASON = 10
LONGEST_MINUTES = int(SupportAccess.LONGEST.total_seconds() // 60)
OBJECT = "accounts.supportaccess"


def clinic_to_enter(*, user: User, code: str) -> OrganizationIdentity:
    """Raises PermissionDenied for others than the support, ValidationError where there is nothing to enter."""
    if not user.support_name:
        raise PermissionDenied("Only the platform's support enters clinics.")
    organization = organization_by_code(code.strip().lower())
    if organization is None or organization.status != "active":
        raise ValidationError({"code": f"There is no active clinic {code.strip()!r}."})
    place = person_principal(user.public_id, organization.id)
    if place is not None:
        words = "You are in this clinic already." if place.role == SUPPORT else "You are a member of this clinic."
        raise ValidationError({"code": f"{words} Choose it in the list of clinics instead."})
    return organization


@transaction.atomic
def enter_clinic(*, user: User, reason: str, minutes: int) -> SupportAccess:
    """Open an access to the clinic in scope. Raises ValidationError for a short reason or a wrong time."""
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise ValidationError({"reason": f"Say in at least {SHORTEST_REASON} characters why: the clinic reads it."})
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise ValidationError({"minutes": f"From 1 to {LONGEST_MINUTES} minutes."})
    now = timezone.now()
    access = SupportAccess(
        user_id=user.pk,
        name=user.support_name,
        email=user.email,
        reason=reason,
        begins_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    access.clean_fields(exclude=["user", "ended_at"])
    access.save()
    with acting_as(user, name=user.support_name, role=SUPPORT, kind="support"):
        record(
            action=Action.SUPPORT_ACCESS,
            object_type=OBJECT,
            object_id=str(access.public_id),
            reason=reason,
            changes={"minutes": (None, minutes)},
        )
    return access


@transaction.atomic
def end_access(*, access: SupportAccess, because: str) -> bool:
    """End an access at once; False where it had ended already. The next request of the support is refused."""
    open_still = SupportAccess.objects.filter(pk=access.pk, ended_at__isnull=True, expires_at__gt=timezone.now())
    if not open_still.update(ended_at=timezone.now()):
        return False
    record(action=Action.SUPPORT_ACCESS, object_type=OBJECT, object_id=str(access.public_id), reason=because)
    return True


def open_access(*, user_id: int) -> SupportAccess | None:
    """The access through which a person of the support is in the clinic in scope."""
    found = SupportAccess.objects.filter(user_id=user_id, ended_at__isnull=True, expires_at__gt=timezone.now())
    access: SupportAccess | None = found.order_by("-expires_at").first()
    return access


def name_support_person(*, email: str, name: str) -> User:
    """Make an account one of the support's, and the account where there is none. By the owner of the database only."""
    people = _owners_accounts()
    with transaction.atomic(using="owner"):
        user = people.filter(email__iexact=email).first()
        if user is None:
            user = User(email=email, email_verified_at=timezone.now())
            user.set_unusable_password()
        user.support_name = name
        user.clean_fields(exclude=["password"])
        user.save(using="owner")
    return user


def remove_support_person(*, email: str) -> bool:
    """From now on the account is an ordinary one; accesses that are open end with the next request."""
    return _owners_accounts().filter(email__iexact=email).exclude(support_name="").update(support_name="") == 1


def support_people() -> list[User]:
    return list(_owners_accounts().exclude(support_name="").order_by("email"))


def _owners_accounts() -> QuerySet[User]:
    if "owner" not in connections.databases:
        raise ValidationError(
            "Set DATABASE_OWNER_URL: only the database's owner decides who gives support, the serving role cannot."
        )
    return User.objects.using("owner").all()
