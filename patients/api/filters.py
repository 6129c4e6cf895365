from __future__ import annotations

from patients.models import Patient, PatientQuerySet
from tenancy.api.filters import FilterSet, SearchFilter, YesNoFilter


class PatientFilters(FilterSet):
    search = SearchFilter(help_text="beginning of the code, first name or last name")
    archived = YesNoFilter(help_text="true: archived patients instead of current ones")

    mrn = SearchFilter(help_text="exactly this medical record number")
    phone = SearchFilter(help_text="exactly this phone number; only its digits and + count")
    email = SearchFilter(help_text="exactly this e-mail address, in letters of any case")

    class Meta:
        model = Patient
        fields: list[str] = []

    def filter_queryset(self, queryset: PatientQuerySet) -> PatientQuerySet:
        chosen = self.form.cleaned_data
        patients = queryset.archived() if chosen["archived"] else queryset.current()
        for parameter, field in (("mrn", "medical_record_number"), ("phone", "phone"), ("email", "email")):
            if chosen[parameter]:
                patients = patients.identified_by(field, chosen[parameter])
        return patients.matching(chosen["search"]) if chosen["search"] else patients
