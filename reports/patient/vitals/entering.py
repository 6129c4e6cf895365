"""Measurements that the staff enters by hand, and takes back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from reports.patient.vitals.figures import name_of
from vitals.catalogue import BY_NAME, TYPES, Category, MetricType
from vitals.services import Entered

CATEGORIES = {Category.VITALS: "Vital signs", Category.MENTAL_WELLBEING: "Wellbeing"}
NO_NUMBER = "Enter a number; of blood pressure two, as 120/80."


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            CATEGORIES.get(category) or category.value.replace("_", " ").capitalize(),
            [(kind.name, f"{name_of(kind)} ({kind.unit})") for kind in TYPES.values() if kind.category is category],
        )
        for category in Category
    ]


class MeasurementForm(forms.Form):
    """``unit`` left empty: the one that the kind is kept in. ``measured_at`` left empty: now."""

    kind = forms.ChoiceField(label="What", choices=_choices)
    value = forms.CharField(max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    unit = forms.CharField(max_length=20, required=False, help_text="if it is another one, e.g. °F, lb or mmol/L")
    measured_at = forms.DateTimeField(
        label="When (the clinic's time)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    notes = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "kind" in cleaned and "value" in cleaned:
            kind = BY_NAME[cleaned["kind"]]
            try:
                cleaned["entered"] = _entered(kind, cleaned["value"], cleaned.get("unit") or kind.unit)
            except ValueError:
                raise ValidationError({"value": NO_NUMBER}) from None
        return cleaned


def _entered(kind: MetricType, text: str, unit: str) -> Entered:
    """Raises ValueError."""
    numbers = [float(part.strip().replace(",", ".")) for part in text.split("/")]
    if len(numbers) != (2 if kind.is_pair else 1):
        raise ValueError(text)
    return Entered(kind, numbers[0], numbers[1] if kind.is_pair else None, unit)
