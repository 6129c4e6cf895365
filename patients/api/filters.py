from __future__ import annotations

from patients.models import Patient, PatientQuerySet
from tenancy.api.filters import FilterSet, SearchFilter, YesNoFilter


class PatientFilters(FilterSet):
    search = SearchFilter(help_text="beginning of the code, first name or last name")
    archived = YesNoFilter(help_text="true: archived patients instead of current ones")

    class Meta:
        model = Patient
        fields: list[str] = []

    def filter_queryset(self, queryset: PatientQuerySet) -> PatientQuerySet:
        chosen = self.form.cleaned_data
        patients = queryset.archived() if chosen["archived"] else queryset.current()
        return patients.matching(chosen["search"]) if chosen["search"] else patients
