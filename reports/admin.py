from __future__ import annotations

import uuid
from typing import Any

import django.contrib.auth.admin  # noqa: F401  registers Group, which is taken back below
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from audit.admin import AuditedAdmin
from patients.models import Patient
from patients.services import archive_patient, change_patient, create_patient
from reports.archived_page import archived_page
from reports.care_section import change_care
from reports.dexcom_pages.acts import change_dexcom, dexcom_part
from reports.glucose_report.page import report_file, report_page
from reports.history_page import history_page
from reports.import_pages.exporting import export_file, export_page
from reports.import_pages.importing import import_job_page, import_page
from reports.patient.urls import urls as patient_urls
from reports.patient_list import patient_list
from reports.patient_page import patient_page

PAGE = "admin:patients_patient_page"

# Roles take the place of groups: the app role may not even read their table, so their pages could only fail.
admin.site.unregister(Group)


@admin.register(Patient)
class PatientAdmin(AuditedAdmin):
    fieldsets = (
        (None, {"fields": ("code", ("first_name", "last_name"), ("birth_date", "gender"), ("room", "timezone"))}),
        ("Glucose target", {"fields": (("target_low", "target_high"), "glucose_goals")}),
        ("Contact", {"fields": ("medical_record_number", ("email", "phone"), "address")}),
        ("Body", {"fields": (("height_cm", "weight_kg", "bmi"), ("hba1c", "skin_tone"))}),
    )
    # For the search boxes of other pages.
    search_fields = ("last_name", "first_name", "code")

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        return [
            *super().get_urls(),
            path("<path:object_id>/medical-history/", site(self.medical_history_view), name="patients_patient_history"),
            path("archived/", site(self.archived_view), name="patients_patient_archived"),
            path("<path:object_id>/care/", site(self.care_view), name="patients_patient_care"),
            path("<path:object_id>/dexcom/part/", site(self.dexcom_part_view), name="patients_patient_dexcom_part"),
            path("<path:object_id>/dexcom/", site(self.dexcom_view), name="patients_patient_dexcom"),
            path("<path:object_id>/report/pdf/", site(self.report_file_view), name="patients_patient_report_file"),
            path("<path:object_id>/report/", site(self.report_view), name="patients_patient_report"),
            path("<path:object_id>/import/<uuid:job>/", site(self.import_job_view), name="patients_patient_import_job"),
            path("<path:object_id>/import/", site(self.import_view), name="patients_patient_import"),
            path("<path:object_id>/export/file/", site(self.export_file_view), name="patients_patient_export_file"),
            path("<path:object_id>/export/", site(self.export_view), name="patients_patient_export"),
            *patient_urls(site, self._visible, self.admin_site.each_context),
            path("<path:object_id>/archive/", site(self.archive_view), name="patients_patient_archive"),
            path("<path:object_id>/", site(self.page_view), name="patients_patient_page"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        self._require(self.has_view_permission(request))
        context = {
            **self.admin_site.each_context(request),
            "may_add": self.has_add_permission(request),
            "may_archive": request.user.has_perm("patients.delete_patient"),
        }
        return patient_list(request, context)

    def page_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._require(self.has_view_permission(request))
        patient = self.get_object(request, object_id)
        if patient is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "may_change": self.has_change_permission(request)}
        return patient_page(request, patient, context)

    def medical_history_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._require(self.has_view_permission(request))
        patient = self.get_object(request, object_id)
        if patient is None:
            raise Http404
        return history_page(request, patient, self.admin_site.each_context(request))

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return report_page(request, self._visible(request, object_id), self.admin_site.each_context(request))

    def report_file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return report_file(request, self._visible(request, object_id))

    def care_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return require_POST(self._change_care)(request, object_id)

    def _change_care(self, request: HttpRequest, object_id: str) -> HttpResponse:
        patient = self.get_object(request, object_id)
        if patient is None or not self.has_view_permission(request):
            raise Http404
        change_care(request, patient)
        return HttpResponseRedirect(self.page_of(patient))

    def dexcom_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return require_POST(self._change_dexcom)(request, object_id)

    def _change_dexcom(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return change_dexcom(request, self._visible(request, object_id))

    def dexcom_part_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return dexcom_part(request, self._visible(request, object_id))

    def import_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return import_page(request, self._visible(request, object_id), self.admin_site.each_context(request))

    def import_job_view(self, request: HttpRequest, object_id: str, job: uuid.UUID) -> HttpResponse:
        patient = self._visible(request, object_id)
        return import_job_page(request, patient, job, self.admin_site.each_context(request))

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return export_page(request, self._visible(request, object_id), self.admin_site.each_context(request))

    def export_file_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return export_file(request, self._visible(request, object_id))

    def archived_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request.user.has_perm("patients.delete_patient"))
        return archived_page(request, self.admin_site.each_context(request))

    def archive_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return require_POST(self._archive)(request, object_id)

    def _archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._require(request.user.has_perm("patients.delete_patient"))
        if patient := self.get_object(request, object_id):
            archive_patient(patient=patient)
            messages.success(request, "The patient was archived; all readings are kept.")
        return HttpResponseRedirect(reverse("admin:patients_patient_changelist"))

    def get_queryset(self, request: HttpRequest) -> Any:
        patients: Any = super().get_queryset(request)
        return patients.current()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            change_patient(patient=obj, changes=self.changed_values(form))
        else:
            obj.pk = create_patient(**form.cleaned_data).pk

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        from reports.clinic import current_clinic

        return {"timezone": current_clinic(request).timezone}

    def ledger_name_of(self, row: Patient) -> str:
        return row.code

    def patients_of(self, row: Patient) -> list[int]:
        return [row.pk]

    def page_of(self, obj: Patient) -> str:
        return reverse(PAGE, args=[obj.pk])

    def _visible(self, request: HttpRequest, object_id: str) -> Patient:
        patient: Patient | None = self.get_object(request, object_id)
        if patient is None or not self.has_view_permission(request):
            raise Http404
        return patient

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied
