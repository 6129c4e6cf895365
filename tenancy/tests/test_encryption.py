"""Sealed values open only where they were sealed; keys are made once, kept briefly and forgotten on command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from django.db import OperationalError, close_old_connections, connection, connections, transaction
from psycopg.errors import QueryCanceled

from patients.history import Author, add_history_entry
from patients.models import HistoryEntry, Patient
from patients.services import change_patient, create_patient
from tenancy.encryption.alarms import TAMPERED
from tenancy.encryption.cache import GENERATION, KEYS, KeyCache, Secret
from tenancy.encryption.envelope import HEADER, Place
from tenancy.encryption.errors import EncryptionError, TamperedError
from tenancy.encryption.keys import sealing_key
from tenancy.encryption.ledger import open_from_ledger, sealed_text_for_ledger
from tenancy.encryption.owners import Owner, Purpose
from tenancy.encryption.patience import Patience, StillBlocked
from tenancy.encryption.rotation import DataRotation
from tenancy.encryption.shredding import shred_patient_keys
from tenancy.models import DataKey
from tenancy.redis import limits_client
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def entries(clinic: Clinic) -> list[HistoryEntry]:
    with clinic.scope(), transaction.atomic():
        return list(HistoryEntry.objects.order_by("id"))


def entries_inside(clinic: Clinic) -> list[HistoryEntry]:
    """Opened while the clinic's transaction lasts."""
    with clinic.scope(), transaction.atomic():
        found = list(HistoryEntry.objects.order_by("id"))
        for entry in found:
            assert entry.text
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def stored(entry: HistoryEntry, column: str = "text") -> bytes:
    sealed: bytes = entry.__dict__[column].sealed
    return sealed


def put(entry: HistoryEntry, sealed: bytes) -> None:
    """As an intruder with the owner's rights would."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_historyentry SET text = %s WHERE id = %s", [sealed, entry.pk])


def refused(clinic: Clinic, entry: HistoryEntry, sealed: bytes) -> None:
    before = TAMPERED.labels("patients_historyentry")._value.get()
    with clinic.scope(), transaction.atomic():
        put(entry, sealed)
        found = HistoryEntry.objects.get(pk=entry.pk)
        with structlog.testing.capture_logs() as lines, pytest.raises(TamperedError):
            _ = found.text
    (alarm,) = [line for line in lines if line["event"] == "sealed_value_refused"]
    assert alarm["log_level"] == "critical"
    assert {**alarm, "table": "patients_historyentry", "field": "text"} == alarm
    assert "sthma" not in str(alarm)
    assert TAMPERED.labels("patients_historyentry")._value.get() == before + 1


def with_key(sealed: bytes, key_id: int) -> bytes:
    return HEADER.pack(1, key_id) + sealed[HEADER.size :]


@pytest.mark.promise(30)
@pytest.mark.parametrize("case", ["row", "field", "organization", "bit", "key"])
def test_a_moved_or_changed_value_is_refused_with_an_alarm(northside: Clinic, southside: Clinic, case: str) -> None:
    first, second = entries(northside)
    with northside.scope(), transaction.atomic():
        phone = Patient.objects.get(pk=first.patient_id).__dict__["phone"].sealed
        own_entry = add_history_entry(
            patient=northside.patients[0], kind="note", text="of the same patient", author=Author("x")
        )
    cases: dict[str, Callable[[], bytes]] = {
        # Sealed with the very key of this patient: only the place differs.
        "row": lambda: stored(own_entry),
        "field": lambda: phone,
        "organization": lambda: stored(entries(southside)[0]),
        "bit": lambda: stored(first)[:-1] + bytes([stored(first)[-1] ^ 1]),
        "key": lambda: with_key(stored(first), HEADER.unpack_from(stored(second))[1]),
    }
    refused(northside, first, cases[case]())


@pytest.mark.promise(30)
@pytest.mark.parametrize("sealed", [b"", b"\x01", b"plain text in the place of a sealed value", b"\x02" + b"x" * 60])
def test_what_is_no_sealed_value_is_refused(northside: Clinic, sealed: bytes) -> None:
    refused(northside, entries(northside)[0], sealed)


def test_the_table_of_keys_is_bound_as_well(northside: Clinic) -> None:
    """Another key's wrapping, put in the place of a key's own, does not unwrap."""
    with northside.scope(), transaction.atomic():
        one, other = DataKey.objects.filter(purpose="record", patient_id__isnull=False).order_by("id")[:2]
        DataKey.objects.filter(pk=one.pk).update(wrapped=other.wrapped)
        KEYS.forget()
        with pytest.raises(EncryptionError, match="does not unwrap"):
            _ = HistoryEntry.objects.filter(patient_id=one.patient_id)[0].text


def test_values_for_the_ledger_open_for_their_field_only(northside: Clinic) -> None:
    entry = entries(northside)[0]
    with northside.scope(), transaction.atomic():
        kept = sealed_text_for_ledger(entry, "text")
        assert kept is not None
        assert "sthma" not in kept
        assert open_from_ledger(kept, object_type="patients.historyentry", field="text") == entry.text
        for object_type, field in (("patients.historyamendment", "text"), ("patients.historyentry", "kind")):
            with pytest.raises(TamperedError):
                open_from_ledger(kept, object_type=object_type, field=field)
        with pytest.raises(TamperedError):
            open_from_ledger("sealed:x:not base64!", object_type="patients.historyentry", field="text")
        assert sealed_text_for_ledger(northside.patients[0], "email") == ""


def test_values_in_the_ledger_survive_rotation_and_end_with_the_patient(northside: Clinic) -> None:
    entry = entries(northside)[0]
    with northside.scope():
        with transaction.atomic():
            kept = sealed_text_for_ledger(entry, "text") or ""
        DataRotation(northside.organization.id, lambda count: None).run()
        with transaction.atomic():
            opened = open_from_ledger(kept, object_type="patients.historyentry", field="text")
            assert opened == HistoryEntry.objects.get(pk=entry.pk).text
            shred_patient_keys(entry.patient_id)
            with pytest.raises(EncryptionError):
                open_from_ledger(kept, object_type="patients.historyentry", field="text")


def test_the_cache_is_bounded_and_forgets() -> None:
    cache = KeyCache(size=2, seconds=60)
    assert cache.get(0, 1) is None
    for number in range(3):
        cache.put(Secret(number, b"k" * 32), 1)
    assert [cache.get(number, 1) is not None for number in range(3)] == [False, True, True]
    assert cache.get(2, 7) is None
    stale = KeyCache(seconds=-1)
    stale.put(Secret(1, b"k" * 32), 1)
    assert stale.get(1, 1) is None
    assert "k" * 32 not in repr(Secret(1, b"k" * 32))


def test_other_processes_forget_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = KeyCache(), KeyCache()
    theirs.get(1, 1)
    theirs.put(Secret(1, b"k" * 32), 1)
    ours.forget_everywhere()
    monkeypatch.setattr(theirs, "_look_at", 0.0)
    assert theirs.get(1, 1) is None
    assert limits_client().get(GENERATION)


def in_threads(count: int, work: Callable[[int], None]) -> list[Exception]:
    errors: list[Exception] = []

    def run(number: int) -> None:
        try:
            work(number)
        except Exception as error:  # noqa: BLE001  the test looks at it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    return errors


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_key(northside: Clinic) -> None:
    made: list[int] = []
    start = threading.Barrier(8)

    def first_use(number: int) -> None:
        start.wait()
        with northside.scope(), transaction.atomic():
            made.append(sealing_key(Owner(northside.organization.id, Purpose.RECORD)).id)

    assert in_threads(8, first_use) == []
    assert len(set(made)) == 1


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        # pg_stat_activity would be the same until the end of the transaction.
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        waits: bool = cursor.fetchone()[0]
    return waits


@pytest.mark.promise(32)
@pytest.mark.django_db(transaction=True)
def test_rotation_waits_for_a_writer_with_the_old_key(northside: Clinic) -> None:
    """Else the writer commits a value whose key has just been removed."""
    wrote, rotated = threading.Event(), threading.Event()

    def write() -> None:
        with northside.scope(), transaction.atomic():
            add_history_entry(patient=northside.patients[0], kind="note", text="in time", author=Author("x"))
            wrote.set()
            wait_for(lambda: rotated.is_set() or somebody_waits_for_a_lock())

    def rotate() -> None:
        wrote.wait(30)
        with northside.scope():
            DataRotation(northside.organization.id, lambda count: None).run()
        rotated.set()

    assert in_threads(2, lambda number: (write, rotate)[number]()) == []
    KEYS.forget()
    assert "in time" in [entry.text for entry in entries_inside(northside)]


@pytest.mark.promise(32)
@pytest.mark.django_db(transaction=True)
def test_shredding_waits_for_a_writer_and_leaves_nothing_of_what_was_written(northside: Clinic) -> None:
    patient = northside.patients[0]
    sealing, shredded = threading.Event(), threading.Event()

    def write() -> None:
        with northside.scope(), transaction.atomic():
            sealing_key(Owner(northside.organization.id, Purpose.RECORD, patient.pk))
            sealing.set()
            wait_for(lambda: shredded.is_set() or somebody_waits_for_a_lock())
            change_patient(patient=patient, changes={"phone": "+49 30 99"})

    def shred() -> None:
        sealing.wait(30)
        with northside.scope(), transaction.atomic():
            shred_patient_keys(patient.pk)
        shredded.set()

    assert in_threads(2, lambda number: (write, shred)[number]()) == []
    with northside.scope(), transaction.atomic():
        after = Patient.objects.get(pk=patient.pk)
        assert (after.phone, after.phone_index) == ("", None)


@pytest.mark.promise(32)
@pytest.mark.django_db(transaction=True)
def test_rotation_outlasts_a_writer_who_holds_a_row_beyond_the_statement_timeout(northside: Clinic) -> None:
    held = threading.Event()
    timeouts: list[OperationalError] = []

    def write() -> None:
        with northside.scope(), transaction.atomic():
            HistoryEntry.objects.select_for_update(no_key=True).order_by("id").first()
            held.set()
            wait_for(lambda: len(timeouts) > 1)

    def count(execute: Any, *asked: Any) -> Any:
        try:
            return execute(*asked)
        except OperationalError as error:
            timeouts.append(error)
            raise

    def rotate() -> None:
        held.wait(30)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '200ms'")
        with connection.execute_wrapper(count), northside.scope():
            DataRotation(northside.organization.id, lambda count: None).run()

    assert in_threads(2, lambda number: (write, rotate)[number]()) == []
    with northside.scope(), transaction.atomic():
        assert not DataKey.objects.filter(is_active=False).exists()
        assert all(entry.text for entry in HistoryEntry.objects.all())


def test_a_step_that_takes_too_long_is_tried_with_less_and_grows_again() -> None:
    sizes: list[int] = []

    def work(size: int) -> int:
        sizes.append(size)
        if size > 30:
            raise OperationalError from QueryCanceled()
        return size

    patience = Patience(500)
    assert patience.step(work) == 7
    assert (sizes, patience.size) == ([500, 125, 31, 7], 14)
    with pytest.raises(OperationalError):
        patience.step(lambda size: (_ for _ in ()).throw(OperationalError("gone")))
    with pytest.raises(StillBlocked):
        Patience(500).step(lambda size: work(500))


@pytest.mark.promise(32)
def test_a_row_that_was_read_before_a_rotation_can_be_opened_and_saved_after_it(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        opened, unopened, changed = (HistoryEntry.objects.order_by("id")[0] for _ in range(3))
        text = opened.text
        for row in (opened, unopened, changed):
            if row is changed:
                row.text = "another"
            DataRotation(northside.organization.id, lambda count: None).run()
            row.save()
            assert HistoryEntry.objects.get(pk=row.pk).text == ("another" if row is changed else text)


@pytest.mark.slow
@pytest.mark.promise(32)
@pytest.mark.django_db(transaction=True)
def test_rotation_beside_writers_loses_nothing(northside: Clinic) -> None:
    written: dict[Any, str] = {}
    done = threading.Event()
    with northside.scope(), transaction.atomic():
        patients = [create_patient(code=f"p{number}", first_name="A", last_name="B") for number in range(20)]
        for patient in patients:
            for number in range(5):
                entry = add_history_entry(patient=patient, kind="note", text=f"note {number}", author=Author("x"))
                written[entry.pk] = entry.text
        old = set(DataKey.objects.filter(purpose="record").values_list("id", flat=True))

    def write(number: int) -> None:
        count = 0
        while not done.is_set():
            count += 1
            patient = patients[(number * 7 + count) % len(patients)]
            with northside.scope(), transaction.atomic():
                # Read before, saved after whatever rotation does meanwhile: the stale row must not bring its key back.
                entry = HistoryEntry.objects.filter(patient=patient).order_by("id")[number]
                entry.author_name = f"writer {number}"
                entry.save()
                fresh = add_history_entry(patient=patient, kind="note", text=f"{number}/{count}", author=Author("x"))
            written[fresh.pk] = f"{number}/{count}"

    def rotate(number: int) -> None:
        try:
            with northside.scope():
                for _ in range(3):
                    DataRotation(northside.organization.id, lambda count: None).run()
        finally:
            done.set()

    assert in_threads(4, lambda number: rotate(number) if number == 3 else write(number)) == []
    KEYS.forget()
    with northside.scope(), transaction.atomic():
        found = {entry.pk: entry.text for entry in HistoryEntry.objects.filter(pk__in=written)}
        assert found == written
        used = {HEADER.unpack_from(stored(entry))[1] for entry in HistoryEntry.objects.all()}
        active = set(DataKey.objects.filter(purpose="record", is_active=True).values_list("id", flat=True))
    assert len(written) > 100
    assert used & old == set()
    assert used <= active


def test_a_place_is_every_part_of_it() -> None:
    parts = [Place(1, "t", "f", "r"), Place(2, "t", "f", "r"), Place(1, "tf", "", "r"), Place(1, "t", "f", "x")]
    assert len({place.associated_data(b"h") for place in parts}) == 4
