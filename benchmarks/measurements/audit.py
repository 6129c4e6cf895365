"""What the ledger costs: the same read and the same change of a patient, with their entry and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import count, cycle, islice

from django.db import transaction

from audit.occasion import Actor, Occasion, occasion
from audit.services import record_look
from benchmarks.bench import Bench
from benchmarks.report import Figure
from patients.models import Patient
from patients.services import change_patient
from tenancy.scope import scoped

PATIENTS = 100
# All take turns, so that what else the machine does meets each of them.
TURNS = 6
PERSON = Actor("person", id="benchmark", name="Benchmark", role="nurse")

Work = Callable[[int, int], None]


def measure(bench: Bench) -> list[Figure]:
    ids = [device.patient_id for device in bench.clinic.make_devices(PATIENTS)]
    with scoped(bench.clinic.scope), occasion(Occasion(PERSON)):
        rates = _rates(bench, ids, [_read, _read_and_record, _read_covered, _change_unaudited, _change])
    return [
        _figure("read of a patient with its own entry", rates[_read_and_record], rates[_read]),
        _figure("read of a patient that an earlier look covers", rates[_read_covered], rates[_read]),
        _figure("change of a patient with old and new value", rates[_change], rates[_change_unaudited]),
    ]


def _figure(work: str, ours: float, baseline: float) -> Figure:
    more = {"more ms": round(1000 / ours - 1000 / baseline, 2)}
    return Figure(f"{work}, 1 connection", "transactions/s", ours, "the same without the ledger", baseline, more)


def _rates(bench: Bench, ids: list[int], works: list[Work]) -> dict[Work, float]:
    times: dict[Work, list[float]] = {work: [] for work in works}
    patients, numbers = cycle(ids), count()
    for work in islice(cycle(works), TURNS * len(works)):
        deadline = time.perf_counter() + bench.seconds / TURNS
        while time.perf_counter() < deadline or not times[work]:
            begun = time.perf_counter()
            with transaction.atomic():
                work(next(patients), next(numbers))
            times[work].append(time.perf_counter() - begun)
    return {work: 1 / statistics.median(found) for work, found in times.items()}


def _read(patient_id: int, number: int) -> None:
    Patient.objects.get(pk=patient_id)


def _read_and_record(patient_id: int, number: int) -> None:
    patient = Patient.objects.get(pk=patient_id)
    record_look(kind="patients.patient", object_id=patient.code, patient_id=patient_id, always=True)


def _read_covered(patient_id: int, number: int) -> None:
    patient = Patient.objects.get(pk=patient_id)
    record_look(kind="patients.patient", object_id=patient.code, patient_id=patient_id)


def _change(patient_id: int, number: int) -> None:
    change_patient(patient=Patient(pk=patient_id), changes={"room": f"Room {number}"})


def _change_unaudited(patient_id: int, number: int) -> None:
    """What ``change_patient`` does besides the ledger."""
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    patient.room = f"Room {number}"
    patient.full_clean()
    patient.save(update_fields=["room", "updated_at"])
