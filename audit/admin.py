"""Admin pages of a clinic's records, which tell the ledger who looked at them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from audit.services import record_look
from tenancy.admin import WorkplaceAdmin

READS = ("GET", "HEAD")


class AuditedAdmin(WorkplaceAdmin):
    """Every list and every record that is shown leaves a look, in the transaction that reads it."""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        if row is not None:
            look = self._look_at(row)
            if request.method in READS:
                record_look(**look)
            else:
                # A form sets what was sent on the row before it refuses it: the names are those of now.
                request.look_if_shown = look  # type: ignore[attr-defined]
        return row

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A form that was refused shows the record once more."""
        if look := getattr(request, "look_if_shown", None):
            record_look(**look)
        return super().render_change_form(request, *args, **kwargs)

    def _look_at(self, row: Any) -> dict[str, Any]:
        patient_ids = sorted(set(self.patients_of(row)))
        return {
            "kind": self.opts.label_lower,
            "object_id": self.ledger_name_of(row),
            "patient_id": patient_ids[0] if len(patient_ids) == 1 else None,
            "patient_ids": None if len(patient_ids) < 2 else patient_ids,
        }

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        patient_ids = {patient_id for row in shown.result_list for patient_id in self.listed_patients_of(row)}
        record_look(kind=self.opts.label_lower, patient_ids=sorted(patient_ids))
        return shown

    def ledger_name_of(self, row: Any) -> str:
        """What the outside calls the record."""
        raise NotImplementedError

    def patients_of(self, row: Any) -> list[int]:
        """Whose data the record's page shows."""
        raise NotImplementedError

    def listed_patients_of(self, row: Any) -> list[int]:
        """Whose data its line in the list shows."""
        return self.patients_of(row)
