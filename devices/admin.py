from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList

from audit.admin import AuditedAdmin
from devices.admin_page import device_page
from devices.hidden_periods import ANOTHER_TEAMS, devices_in_hidden_periods
from devices.models import Assignment, Device
from devices.services import change_device, register_device
from tenancy.wording import age_words

STATUS_COLOURS = {
    Device.Status.ACTIVE.label: "success",
    Device.Status.NEEDS_ATTENTION.label: "warning",
    Device.Status.ERROR.label: "danger",
}


class DeviceList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        hidden = devices_in_hidden_periods([device.pk for device in self.result_list], timezone.now())
        for device in self.result_list:
            device.is_worn_by_hidden_patient = device.pk in hidden

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:devices_device_page", args=[result.pk])


@admin.register(Device)
class DeviceAdmin(AuditedAdmin):
    list_display = ("code", "patient", "shown_status", "contact", "battery", "kind")
    list_filter = ("status", "kind")
    search_fields = ("code", "name", "serial_number")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("code", "name"),
                    ("kind", "status"),
                    ("serial_number", "reading_interval", "expected_lag_minutes"),
                )
            },
        ),
        (
            "Hardware",
            {"fields": (("firmware_version", "hardware_revision"), ("manufactured_on", "calibrated_on"))},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        page = path("<path:object_id>/", site(self.page_view), name="devices_device_page")
        return [*super().get_urls(), page]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return DeviceList

    def get_queryset(self, request: HttpRequest) -> Any:
        worn = Prefetch("assignments", Assignment.objects.open().select_related("patient"), to_attr="open_assignments")
        return super().get_queryset(request).prefetch_related(worn)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Retiring ends keys and assignment as well, so it is an action of the device's page and no choice here."""
        if db_field.name == "status":
            kwargs["choices"] = [choice for choice in Device.Status.choices if choice[0] != Device.Status.RETIRED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        retired = obj is not None and obj.status == Device.Status.RETIRED
        return not retired and bool(super().has_change_permission(request, obj))

    def page_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        device = self.get_object(request, object_id)
        if device is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "may_change": self.has_change_permission(request, device)}
        return device_page(request, device, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            change_device(device=obj, changes=self.changed_values(form))
        else:
            obj.pk = register_device(**form.cleaned_data).pk

    def ledger_name_of(self, row: Device) -> str:
        return row.code

    def patients_of(self, row: Device) -> list[int]:
        """Its page lists everybody whom it measured."""
        return list(Assignment.objects.filter(device=row).values_list("patient_id", flat=True))

    def listed_patients_of(self, row: Any) -> list[int]:
        return [assignment.patient_id for assignment in row.open_assignments]

    def page_of(self, obj: Device) -> str:
        return reverse("admin:devices_device_page", args=[obj.pk])

    @display(description="Patient")
    def patient(self, device: Any) -> str:
        patients = [assignment.patient for assignment in device.open_assignments]
        nobody = ANOTHER_TEAMS if device.is_worn_by_hidden_patient else "Not assigned"
        return ", ".join(f"{patient} ({patient.code})" for patient in patients) or nobody

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def shown_status(self, device: Device) -> str:
        return device.get_status_display()

    @display(description="Last contact", ordering="last_seen_at")
    def contact(self, device: Device) -> str:
        return age_words(timezone.now() - device.last_seen_at) if device.last_seen_at else "Never"

    @display(description="Battery", ordering="battery_level")
    def battery(self, device: Device) -> str:
        if device.battery_level is None:
            return "Unknown"
        level = f"{device.battery_level}%"
        return format_html('<span class="warning-text">{} low</span>', level) if device.battery_level < 20 else level
