"""The early warning scores of a patient's observations, from what is measured now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analytics.news2 import Consciousness, News2, Observations, SpO2Scale, news2
from patients.models import Patient
from vitals.catalogue import Metric
from vitals.models import Measurement, Observation

METRICS = (
    Metric.RESPIRATORY_RATE,
    Metric.BLOOD_OXYGEN,
    Metric.BLOOD_PRESSURE,
    Metric.HEART_RATE,
    Metric.BODY_TEMPERATURE,
)


@dataclass(frozen=True, slots=True)
class Scored:
    observation: Observation
    values: Mapping[Metric, Measurement]
    score: News2


def scored(patient: Patient, observations: Sequence[Observation]) -> list[Scored]:
    """Of one patient; one statement for the values of all."""
    values = _values(patient, observations)
    return [_scored(row, values.get(row.source_number, {})) for row in observations]


def _values(patient: Patient, observations: Iterable[Observation]) -> dict[int, dict[Metric, Measurement]]:
    numbers = {row.source_number: row.observed_at for row in observations}
    found: dict[int, dict[Metric, Measurement]] = {}
    measured = (
        Measurement.objects.for_patient(patient)
        .of_metrics(METRICS)
        .filter(measured_at__in=set(numbers.values()), source_number__in=numbers)
    )
    for row in measured:
        found.setdefault(row.source_number, {})[Metric(row.metric)] = row
    return found


def _scored(row: Observation, values: Mapping[Metric, Measurement]) -> Scored:
    def value_of(metric: Metric) -> float | None:
        return values[metric].value if metric in values else None

    score = news2(
        Observations(
            respiratory_rate=value_of(Metric.RESPIRATORY_RATE),
            blood_oxygen=value_of(Metric.BLOOD_OXYGEN),
            on_oxygen=row.on_oxygen,
            systolic_pressure=value_of(Metric.BLOOD_PRESSURE),
            heart_rate=value_of(Metric.HEART_RATE),
            consciousness=Consciousness(row.consciousness) if row.consciousness else None,
            body_temperature=value_of(Metric.BODY_TEMPERATURE),
            scale=SpO2Scale(row.scale),
        )
    )
    return Scored(row, values, score)
