"""What every admin page of a clinic's data shares. Writes go through services; no log table is written.

``django_admin_log`` is no tenant table, and its rows name patients: the app role has no grant on it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from tenancy.encryption.fields import blind_index_fields


class TenantModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks uniqueness inside the organization: Django skips constraints with a field that the form does not have."""

    def _get_validation_exclusions(self) -> set[str]:
        digests = {field.name for field in blind_index_fields(self._meta.model)}
        return super()._get_validation_exclusions() - {"organization"} - digests  # type: ignore[misc,no-any-return]


class WorkplaceAdmin(ModelAdmin):
    """List, add, change, and nothing that deletes. ``save_model`` of a subclass calls a service."""

    form = TenantModelForm
    actions = None
    list_per_page = 50
    view_on_site = False
    warn_unsaved_form = True

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("", site(self.changelist_view), name=f"{name}_changelist"),
            path("add/", site(self.add_view), name=f"{name}_add"),
            path("<path:object_id>/change/", site(self.change_view), name=f"{name}_change"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        # Django's own title asks to select a row to change.
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """A refusal that only the service can know (the last owner, a race for a code) becomes a message."""
        # One button: every form leads back to a page of its own.
        buttons = {"show_save_and_continue": False, "show_save_and_add_another": False, **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, buttons)
        except ValidationError as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
        except IntegrityError:
            messages.error(request, "Somebody else has just saved the same. Look at it, and save again.")
        return HttpResponseRedirect(request.get_full_path())

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Another clinic's object is as unknown as one that never was."""
        raise Http404

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: see the module."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: see the module."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing: see the module."""

    def message_user(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Django's own sentences name the object, and messages travel in a cookie: only ours are shown."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, f"The {self.opts.verbose_name} was added.")
        return HttpResponseRedirect(self.page_of(obj))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, "Saved.")
        return HttpResponseRedirect(self.page_of(obj))

    def page_of(self, obj: Any) -> str:
        """Where somebody lands after saving."""
        raise NotImplementedError

    def changed_values(self, form: forms.ModelForm[Any]) -> dict[str, Any]:
        return {name: form.cleaned_data[name] for name in form.changed_data}
