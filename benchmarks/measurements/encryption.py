"""What sealing costs, and a rotation of every key beside ongoing writes: nothing lost, nothing left on the old keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections, models, transaction

from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure
from patients.models import HistoryEntry
from patients.models.history import Written
from tenancy.encryption.rotation import DataRotation
from tenancy.encryption.status import status_of
from tenancy.scope import scoped

FULL_HISTORIES, QUICK_HISTORIES = 10_000, 300
ENTRIES_OF_PATIENT = 10
WRITERS = 2
# About a kilobyte, as a note has it.
TEXT = "Nocturnal hypoglycaemia after sport, see notes. " * 21
PLAIN = "plain"


class PlainEntry(Written):
    """The same row by the same ORM, without sealing."""

    text = models.BinaryField()

    class Meta(Written.Meta):
        managed = False
        app_label = "patients"
        db_table = HistoryEntry._meta.db_table

    def __str__(self) -> str:
        return str(self.pk)


@dataclass(frozen=True, slots=True)
class Rotated:
    rows: int
    seconds: float
    writes: int


def measure(bench: Bench) -> Figure:
    count = FULL_HISTORIES if bench.seconds > 1 else QUICK_HISTORIES
    patients = [device.patient_id for device in bench.clinic.make_devices(count // ENTRIES_OF_PATIENT)]
    with scoped(bench.clinic.scope):
        # The first write of a patient makes the keys; that is paid once.
        _write_histories(patients)
        few = patients[:100]
        sealed = _rate(bench.seconds, lambda number: _sealed_entry(few[number % len(few)]).save())
        plain = _rate(bench.seconds, lambda number: _plain_entry(few[number % len(few)]).save())
        with transaction.atomic():
            ids = list(HistoryEntry.objects.exclude(author_name=PLAIN).values_list("id", flat=True)[:100])
        opened = _rate(bench.seconds, lambda number: _read(HistoryEntry, ids[number % len(ids)], TEXT))
        unsealed = _rate(bench.seconds, lambda number: _read(PlainEntry, ids[number % len(ids)], None))
    _remove_plain()
    rotated = _rotate_beside_writers(bench, patients)
    return Figure(
        "history entries of 1 KB, sealed and stored one by one", "writes/s", sealed,
        "as many that are not sealed", plain,
        {
            "read and opened/s": round(opened), "read without opening/s": round(unsealed),
            "values rotated": rotated.rows, "rotated/s": round(rotated.rows / rotated.seconds),
            "writes meanwhile": rotated.writes, "lost": 0, "left on old keys": 0,
        },
    )  # fmt: skip


def _sealed_entry(patient_id: int) -> HistoryEntry:
    return HistoryEntry(patient_id=patient_id, kind="note", text=TEXT, author_name="")


def _plain_entry(patient_id: int) -> PlainEntry:
    return PlainEntry(patient_id=patient_id, kind="note", text=TEXT.encode(), author_name=PLAIN)


def _read(model: type[models.Model], entry_id: int, expected: str | None) -> None:
    text = model._default_manager.get(pk=entry_id).text  # type: ignore[attr-defined]
    if expected is not None and text != expected:
        raise BenchmarkError("An entry does not say what was written.")


def _write_histories(patients: list[int]) -> None:
    for patient_id in patients:
        with transaction.atomic():
            for _ in range(ENTRIES_OF_PATIENT):
                _sealed_entry(patient_id).save()


def _rate(seconds: float, work: Callable[[int], Any]) -> float:
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        with transaction.atomic():
            work(count)
        count += 1
    return count / (time.perf_counter() - begun)


def _remove_plain() -> None:
    """Rotation takes them for what they are, no sealed values. Only the owner may delete here."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM patients_historyentry WHERE author_name = %s", [PLAIN])


def _rotate_beside_writers(bench: Bench, patients: list[int]) -> Rotated:
    done, written, errors = threading.Event(), [0] * WRITERS, []

    def write(number: int) -> None:
        try:
            while not done.is_set():
                patient_id = patients[(written[number] * 7 + number) % len(patients)]
                with scoped(bench.clinic.scope), transaction.atomic():
                    stale = HistoryEntry.objects.filter(patient_id=patient_id).order_by("id")[number]
                    stale.save()
                    _sealed_entry(patient_id).save()
                written[number] += 1
        except Exception as error:  # noqa: BLE001  the figure must not be made over it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    before, begun = _count(bench), time.perf_counter()
    with scoped(bench.clinic.scope):
        rows = DataRotation(bench.clinic.organization_id, lambda count: None).run()
    seconds = time.perf_counter() - begun
    done.set()
    for thread in threads:
        thread.join()
    if errors:
        raise BenchmarkError(f"A writer failed beside the rotation: {errors[0]!r}")
    _insist_that_nothing_is_lost(bench, before)
    return Rotated(rows, seconds, sum(written))


def _count(bench: Bench) -> int:
    with scoped(bench.clinic.scope), transaction.atomic():
        return int(HistoryEntry.objects.count())


def _insist_that_nothing_is_lost(bench: Bench, before: int) -> None:
    with scoped(bench.clinic.scope), transaction.atomic():
        texts = [entry.text for entry in HistoryEntry.objects.all()]
        left = sum(column.on_replaced_keys for column in status_of(bench.clinic.organization_id).columns)
    if len(texts) < before or set(texts) != {TEXT}:
        raise BenchmarkError("Entries were lost in the rotation.")
    if left:
        raise BenchmarkError(f"{left} values are still sealed with replaced keys.")
