from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from accounts.roles import PERMISSIONS, STAFF_ROLES, Role, role_allows
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Found by a definer function: before sign-in the app role sees no account row."""
        for user in self.raw("SELECT * FROM accounts_user_by_email(%s)", [username]):
            return user
        raise User.DoesNotExist

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

    def of_person(self, user_public_id: uuid.UUID) -> MembershipQuerySet:
        return self.filter(user_public_id=user_public_id)

    def of_patient(self, patient_id: int) -> MembershipQuerySet:
        """Logins of one patient: the patient's own, and those of relatives."""
        return self.filter(patient_id=patient_id)

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


class RefreshFamily(models.Model):
    """One signed-in device of a person. Its refresh tokens carry a generation; only the newest may be used.

    No token is stored: it is signed with the family's id and generation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    for_organization = models.BigIntegerField(help_text="the clinic that was chosen at sign-in")
    generation = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="absolute end, whatever the use")
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)
