from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.browser_sessions.models import BrowserSession as BrowserSession
from accounts.one_time.models import OneTimeDevice as OneTimeDevice
from accounts.one_time.models import RecoveryCode as RecoveryCode
from accounts.plans.models import BillingRecord as BillingRecord
from accounts.plans.models import PaymentMethod as PaymentMethod
from accounts.plans.models import PlanRetention as PlanRetention
from accounts.plans.models import ProviderEvent as ProviderEvent
from accounts.plans.models import Subscription as Subscription
from accounts.plans.models import UsageDay as UsageDay
from accounts.principals import PersonPrincipal
from accounts.roles import PERMISSIONS, STAFF_ROLES, Role, role_allows
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Found by a definer function: before sign-in the app role sees no account row."""
        for user in self.raw("SELECT * FROM accounts_user_by_email(%s)", [username]):
            return user
        raise User.DoesNotExist

    def with_email(self, email: str) -> User | None:
        try:
            return self.get_by_natural_key(email)
        except User.DoesNotExist:
            return None

    def with_id(self, user_id: int) -> User | None:
        """Found by a definer function, whatever scope is active; a disabled account as well."""
        return next(iter(self.raw("SELECT * FROM accounts_user_by_id(%s)", [user_id])), None)


class User(AbstractBaseUser):
    """A person who signs in. What they may do, and their name, stands in their memberships."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(
        default=1, help_text="Tokens of an older version are refused; raised when the password or the state changes."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    email_verified_at = models.DateTimeField(null=True, help_text="empty: registered, the address not yet confirmed")
    support_name = models.CharField(
        max_length=150,
        blank=True,
        help_text="set for people of the platform's support, who enter clinics with a reason and for an hour at most",
    )

    # No such column: Django would write it at sign-in, outside any scope. Memberships know when they were used.
    last_login = None

    # Set by the request's principal; an account without a membership in scope may do nothing.
    role: str | None = None
    name = ""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """The name in the clinic whose pages are shown; the theme asks for it."""
        return self.name

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.is_active and role_allows(self.role, permission)

    def has_perms(self, permissions: Any, obj: object = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        granted = PERMISSIONS.get(self.role or "", frozenset())
        return self.is_active and any(permission.startswith(f"{app_label}.") for permission in granted)


class MembershipQuerySet(TenantQuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        return self.filter(is_active=True)

    def owners(self) -> MembershipQuerySet:
        return self.active().filter(role=Role.OWNER)

    def managers(self) -> MembershipQuerySet:
        """Who answers for the clinic: owners and admins."""
        return self.active().filter(role__in=[Role.OWNER, Role.ADMIN])

    def of_person(self, user_public_id: uuid.UUID) -> MembershipQuerySet:
        return self.filter(user_public_id=user_public_id)

    def of_patient(self, patient_id: int) -> MembershipQuerySet:
        """Logins of one patient: the patient's own, and those of relatives."""
        return self.filter(patient_id=patient_id)

    def seen_by(self, principal: PersonPrincipal) -> MembershipQuerySet:
        """Without the logins of patients whom limited staff do not see: a login tells that there is such a patient."""
        if principal.assigned_patients is None:
            return self
        theirs = models.Q(patient_id__isnull=True) | models.Q(patient_id__in=principal.assigned_patients)
        return self.filter(theirs)

    def matching(self, text: str) -> MembershipQuerySet:
        """Whose name or address begins with ``text``."""
        return self.filter(models.Q(name__istartswith=text) | models.Q(email__istartswith=text))


class Membership(TenantModel):
    """A person's place in one clinic: name, role, and for a patient's login the patient."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    # Copies, so that a clinic can name and show whom it admitted without seeing the account row.
    user_public_id = models.UUIDField(editable=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=150)
    phone = models.CharField(max_length=32, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    # Patients stand above accounts; their migration adds the key in the database.
    patient_id = models.BigIntegerField(null=True, blank=True, editable=False)
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField("last sign-in", null=True, editable=False)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(MembershipQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name = "member"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                name="accounts_membership_person",
                violation_error_code="unique",
                violation_error_message="This person is a member of the clinic already.",
            ),
            models.UniqueConstraint(fields=["organization", "user_public_id"], name="accounts_membership_public_id"),
            models.CheckConstraint(
                condition=models.Q(role=Role.PATIENT, patient_id__isnull=False)
                | (~models.Q(role=Role.PATIENT) & models.Q(patient_id__isnull=True)),
                name="accounts_membership_patient_role",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_a_place(self) -> bool:
        """Whether the clinic's plan counts the member."""
        return self.is_active and self.role != Role.PATIENT


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    def pending(self) -> InvitationQuerySet:
        return self.filter(state=Invitation.State.PENDING, expires_at__gt=timezone.now())

    def in_state(self, state: str) -> InvitationQuerySet:
        """As ``shown_state`` tells it."""
        late = models.Q(state=Invitation.State.PENDING, expires_at__lte=timezone.now())
        if state == Invitation.State.EXPIRED:
            return self.filter(models.Q(state=state) | late)
        return self.filter(state=state).exclude(late)


class Invitation(TenantModel):
    """A place in the clinic that is offered to whoever holds the mailbox; the link in the mail carries its token."""

    class State(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, help_text="in small letters, so that one address has one invitation")
    name = models.CharField(max_length=150)
    role = models.CharField(max_length=10, choices=Role.choices)
    patient_id = models.BigIntegerField(null=True, blank=True, editable=False)
    message = models.CharField(max_length=500, blank=True)
    digest = models.BinaryField(
        max_length=32, editable=False, help_text="SHA-256 of the token; the token is in the mail only"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    invited_by = TenantForeignKey(Membership, related_name="+", null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, help_text="accepted, declined, cancelled or found expired")

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(InvitationQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="accounts_invitation_public_id"),
            models.UniqueConstraint(fields=["organization", "digest"], name="accounts_invitation_digest"),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(state="pending"),
                name="accounts_invitation_one_pending",
                violation_error_code="unique",
                violation_error_message="This person has an invitation already.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def shown_state(self) -> str:
        """Expired as soon as the term is over, also before the sweep has come by."""
        late = self.state == self.State.PENDING and self.expires_at <= timezone.now()
        return self.State.EXPIRED.value if late else self.state


class RemovalRequestQuerySet(TenantQuerySet["RemovalRequest"]):
    def pending(self) -> RemovalRequestQuerySet:
        return self.filter(state=RemovalRequest.State.PENDING)


class RemovalRequest(TenantModel):
    """Somebody asks that a member's access end; an owner or admin decides."""

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        DENIED = "denied"
        CANCELLED = "cancelled"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    member = TenantForeignKey(Membership, related_name="+")
    requested_by = TenantForeignKey(Membership, related_name="+")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    decided_by = TenantForeignKey(Membership, related_name="+", null=True)
    notes = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(RemovalRequestQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="accounts_removal_public_id"),
            models.UniqueConstraint(
                fields=["organization", "member"],
                condition=models.Q(state="pending"),
                name="accounts_removal_one_pending",
                violation_error_code="unique",
                violation_error_message="There is a request about this member already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class SupportAccess(TenantModel):
    """An hour at most in which a person of the platform's support may look into the clinic, and why."""

    LONGEST = timedelta(minutes=60)

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=150)
    email = models.EmailField(max_length=254)
    reason = models.CharField(max_length=500)
    begins_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["-begins_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="accounts_support_public_id"),
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("begins_at") + timedelta(minutes=60)),
                name="accounts_support_an_hour",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RefreshFamilyQuerySet(models.QuerySet["RefreshFamily"]):
    def not_revoked(self) -> RefreshFamilyQuerySet:
        return self.filter(revoked_at__isnull=True)

    def revoke(self, *, because: str) -> int:
        """Returns how many ended by this: what was revoked before keeps its time and reason."""
        return self.not_revoked().update(revoked_at=timezone.now(), revoked_because=because)


class RefreshFamily(models.Model):
    """One signed-in device of a person. Its refresh tokens carry a generation; only the newest may be used.

    No token is stored: it is signed with the family's id and generation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    user_version = models.PositiveIntegerField(
        default=1, help_text="the account's at sign-in: a password changed meanwhile ends the family"
    )
    for_organization = models.BigIntegerField(help_text="the clinic that was chosen at sign-in")
    generation = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="absolute end, whatever the use")
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RefreshFamilyQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)


class ExternalIdentity(models.Model):
    """An account of another sign-in service that stands for one of ours. Never found by e-mail address."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=128)
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="accounts_identity")]

    def __str__(self) -> str:
        return str(self.pk)
