"""The form for what somebody observes at the bedside."""

from __future__ import annotations

from django import forms

from analytics.news2 import Consciousness
from vitals.catalogue import TYPES, Limits, Metric
from vitals.observations.services import Observed

UNKNOWN = ("", "Not observed")


def _number(label: str, limits: Limits, unit: str, step: str = "1") -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": step, "inputmode": "decimal"})
    return forms.FloatField(
        label=f"{label} ({unit})", min_value=limits.low, max_value=limits.high, required=False, widget=widget
    )


def _value(label: str, metric: Metric) -> forms.FloatField:
    kind = TYPES[metric]
    return _number(label, kind.limits, kind.unit, "0.1" if kind.decimals else "1")


def _diastolic() -> forms.FloatField:
    kind = TYPES[Metric.BLOOD_PRESSURE]
    return _number("Diastolic", kind.second or kind.limits, kind.unit)


class ObservationForm(forms.Form):
    respiratory_rate = _value("Respiratory rate", Metric.RESPIRATORY_RATE)
    blood_oxygen = _value("Oxygen saturation", Metric.BLOOD_OXYGEN)
    oxygen = forms.ChoiceField(
        label="Breathes", choices=[UNKNOWN, ("air", "Air"), ("oxygen", "Oxygen")], required=False
    )
    systolic = _value("Systolic", Metric.BLOOD_PRESSURE)
    diastolic = _diastolic()
    heart_rate = _value("Heart rate", Metric.HEART_RATE)
    consciousness = forms.ChoiceField(
        choices=[UNKNOWN, *((each.value, each.value.capitalize()) for each in Consciousness)], required=False
    )
    body_temperature = _value("Temperature", Metric.BODY_TEMPERATURE)
    note = forms.CharField(max_length=500, required=False)

    def observed(self) -> Observed:
        sent = self.cleaned_data
        values = {
            Metric.RESPIRATORY_RATE: sent["respiratory_rate"],
            Metric.BLOOD_OXYGEN: sent["blood_oxygen"],
            Metric.BLOOD_PRESSURE: sent["systolic"],
            Metric.HEART_RATE: sent["heart_rate"],
            Metric.BODY_TEMPERATURE: sent["body_temperature"],
        }
        return Observed(
            values={metric: value for metric, value in values.items() if value is not None},
            diastolic=sent["diastolic"],
            on_oxygen={"air": False, "oxygen": True}.get(sent["oxygen"]),
            consciousness=Consciousness(sent["consciousness"]) if sent["consciousness"] else None,
            note=sent["note"],
        )
