from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from unfold.decorators import display

from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from accounts.models import Membership
from accounts.roles import Role
from accounts.services import change_member
from audit.admin import AuditedAdmin
from tenancy.admin import TenantModelForm

STAFF_CHOICES = [choice for choice in Role.choices if choice[0] != Role.PATIENT]


def acting_role(request: Any) -> str:
    """The role of the person at the screen: the admin site lets only members with a role in."""
    role: str = request.principal.role
    return role


class MemberForm(TenantModelForm):
    class Meta:
        model = Membership
        fields = ("email", "name", "role", "phone", "is_active")

    def _get_validation_exclusions(self) -> set[str]:
        # The account belongs to the address, which the service resolves.
        return super()._get_validation_exclusions() | {"user", "user_public_id"}


@admin.register(Membership)
class MemberAdmin(AuditedAdmin):
    form = MemberForm
    list_display = ("name", "email", "shown_role", "shown_state", "last_used_at", "activity")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")

    @method_decorator(fresh_sign_in_required_to_post)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """People are asked to come: the mail shows that the address is theirs."""
        return HttpResponseRedirect(reverse("admin:clinic_invitations"))

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        # A patient's login stays one: its role goes with the patient.
        return ["email", "role"] if obj and obj.role == Role.PATIENT else ["email"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only owners decide about owners."""
        others_owner = obj is not None and obj.role == Role.OWNER and acting_role(request) != Role.OWNER
        return super().has_change_permission(request, obj) and not others_owner

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            owner = acting_role(request) == Role.OWNER
            choices = [choice for choice in STAFF_CHOICES if owner or choice[0] != Role.OWNER]
            # The first choice would be the mightiest role, for whoever forgets to choose.
            kwargs["choices"] = [("", "Choose a role"), *choices]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        change_member(membership=obj, changes=self.changed_values(form), acting_role=acting_role(request))

    def ledger_name_of(self, row: Membership) -> str:
        return str(row.user_public_id)

    def patients_of(self, row: Membership) -> list[int]:
        return [] if row.patient_id is None else [row.patient_id]

    def page_of(self, obj: Membership) -> str:
        return reverse("admin:accounts_membership_changelist")

    @display(description="Role", ordering="role")
    def shown_role(self, member: Membership) -> str:
        return member.get_role_display()

    @display(description="Activity")
    def activity(self, member: Membership) -> str:
        """Whoever sees members may see the ledger as well."""
        did = '<a href="{0}?person={1}">What they did</a>'
        became = '<a href="{0}?type={2}&amp;object={1}">history</a>'
        return format_html(
            f"<span>{did} · {became}</span>", reverse("admin:ledger"), member.user_public_id, self.opts.label_lower
        )

    @display(description="State", ordering="is_active", label={"Active": "success", "Deactivated": "warning"})
    def shown_state(self, member: Membership) -> str:
        return "Active" if member.is_active else "Deactivated"
