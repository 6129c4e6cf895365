"""What storing does, as steps: statements out, their rows in. Knows no connection, so that both doors run the same.

The sync door (Django's connection, one organization) and the async door (the data plane, many organizations in one
transaction) differ only in how they run a statement.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from readings.models import SignalQuality
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from readings.store import statements
from readings.store.arrays import device_columns, documents, instants, numbers

Parameters = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
T = TypeVar("T")
# Yields a statement with its parameters and is sent the rows that it returned: an empty list where it returns none.
Steps = Generator[tuple[str, Parameters], Rows, T]


class Unread(NamedTuple):
    """A statement whose rows nobody reads: it may be sent together with what follows it."""

    statement: str
    parameters: Parameters


# Organization and patient.
PatientKey = tuple[int, int]

SLOPE_WINDOW = timedelta(minutes=20)
COPY_WINDOW = timedelta(seconds=150)


class Placed(NamedTuple):
    """What became of a row. ``patient_id`` and ``since``, when the assignment began: None where none covers the row."""

    patient_id: Any
    device_number: int
    is_new: bool
    is_theirs: bool
    since: Any
    may_be_copy: bool


class AssignmentChanged(RuntimeError):
    """A device was reassigned while its readings were being stored; storing them again places them rightly."""


def store_steps(
    rows: Sequence[ReadingRow], organization_ids: Sequence[int], *, note_contact: bool = True
) -> Steps[list[RowResult]]:
    """Store ``rows``, each in the organization at its place; one result for each, in the order sent.

    A pair of rows for one device and instant: the first is stored, the second is a duplicate. Rows of devices that
    the organization does not have are the caller's fault (KeyError). Raises AssignmentChanged: roll back, try again.
    """
    measured = [cut_to_milliseconds(row.measured_at) for row in rows]
    found = yield statements.INSERT, _columns(rows, organization_ids, measured)
    placed = {position - 1: Placed(*rest) for position, *rest in found}
    new = [index for index in placed if placed[index].is_new]
    if new:
        yield from check_assignments(
            (
                organization_ids[index],
                rows[index].device_id,
                placed[index].patient_id,
                placed[index].since,
                measured[index],
            )
            for index in new
        )
        keys = [(organization_ids[index], placed[index].patient_id) for index in new]
        beside_others = [number for number, index in enumerate(new) if placed[index].may_be_copy]
        yield from settle(keys, [measured[index] for index in new], may_be_copies=beside_others)
    if note_contact:
        yield Unread(statements.NOTE_CONTACT, _contacts(rows, organization_ids, measured))
    return _results(rows, organization_ids, measured, placed)


def check_assignments(placements: Iterable[tuple[int, int, int, datetime, datetime]]) -> Steps[None]:
    """Raise AssignmentChanged where one ended meanwhile, before what it placed.

    ``placements``, of new rows: organization, device, patient, when the assignment began, when the row was measured.
    """
    newest: dict[tuple[int, int, int, datetime], datetime] = {}
    for organization_id, device_id, patient_id, since, measured_at in placements:
        used = (organization_id, device_id, patient_id, since)
        newest[used] = max(measured_at, newest.get(used, measured_at))
    organizations, devices, patients, beginnings = zip(*newest, strict=True)
    misplaced = yield (
        statements.MISPLACED,
        {
            "organization_id": numbers(organizations),
            "device_id": numbers(devices),
            "patient_id": numbers(patients),
            "starts_at": instants(beginnings),
            "newest_at": instants(newest.values()),
        },
    )
    if misplaced:
        raise AssignmentChanged


def settle(
    keys: Sequence[PatientKey], measured: Sequence[datetime], *, may_be_copies: Sequence[int] | None = None
) -> Steps[None]:
    """After readings of these patients and instants are new or changed: copies, current values, and marks
    for whoever summarises days and evaluates rules.

    ``may_be_copies``: the places of those that another device may have sent as well; None: all.
    """
    known = yield from lock_states(sorted(set(keys)))
    changed = list(zip(keys, measured, strict=True))
    judged = changed if may_be_copies is None else [changed[place] for place in may_be_copies]
    changed += yield from _flag_copies(judged)
    yield from _refresh_states(changed, known)
    yield Unread(statements.MARK, _places([key for key, _ in changed], [instant for _, instant in changed]))


def lock_states(keys: Sequence[PatientKey]) -> Steps[dict[PatientKey, datetime]]:
    """Hold the state of each patient; returns when its reading was measured, of those who have one."""
    found = yield statements.LOCK_STATES, _patients(keys)
    if len(found) < len(keys):
        locked = {(organization, patient) for organization, patient, _ in found}
        yield statements.LOCK_FIRST, _patients([key for key in keys if key not in locked])
        # Whoever held it until now may have made the row.
        found = yield statements.LOCK_STATES, _patients(keys)
    return {(organization, patient): measured_at for organization, patient, measured_at in found}


def _flag_copies(judged: Sequence[tuple[PatientKey, datetime]]) -> Steps[list[tuple[PatientKey, datetime]]]:
    """Returns the readings whose flag changed."""
    if not judged:
        return []
    measured = [instant for _, instant in judged]
    found = yield (
        statements.FLAG_COPIES,
        {
            **_places([key for key, _ in judged], measured),
            "since": min(measured) - 2 * COPY_WINDOW,
            "until": max(measured) + 2 * COPY_WINDOW,
        },
    )
    return [((organization, patient), measured_at) for organization, patient, measured_at in found]


def _refresh_states(
    changed: Iterable[tuple[PatientKey, datetime]], known: Mapping[PatientKey, datetime]
) -> Steps[None]:
    newest: dict[PatientKey, datetime] = {}
    for key, instant in changed:
        newest[key] = max(instant, newest.get(key, instant))
    for key, known_newest in known.items():
        if newest[key] <= known_newest - SLOPE_WINDOW:
            del newest[key]  # too old for the value and for its slope
        else:
            newest[key] = max(newest[key], known_newest)
    if not newest:
        return
    keys = sorted(newest)
    yield Unread(
        statements.REFRESH_STATES,
        {
            **_patients(keys),
            "newest_at": instants(newest[key] for key in keys),
            # Twice: the newest may be a copy, and the canonical one before it has a slope of its own.
            "since": min(newest.values()) - 2 * SLOPE_WINDOW,
            "until": max(newest.values()),
        },
    )


def _patients(keys: Sequence[PatientKey]) -> dict[str, Any]:
    return {"organization_id": numbers([key[0] for key in keys]), "patient_id": numbers([key[1] for key in keys])}


def _places(keys: Sequence[PatientKey], measured: Iterable[datetime]) -> dict[str, Any]:
    return {**_patients(keys), "measured_at": instants(measured)}


def _columns(
    rows: Sequence[ReadingRow], organization_ids: Sequence[int], measured: Sequence[datetime]
) -> dict[str, Any]:
    columns: dict[str, Any] = dict(zip(ReadingRow._fields, zip(*rows, strict=True), strict=True))
    special = {"measured_at": instants(measured), "sensor_data": documents(columns["sensor_data"])}
    return {
        **{name: numbers(values) for name, values in columns.items() if name not in special},
        **special,
        "organization_id": numbers(organization_ids),
    }


def _contacts(
    rows: Sequence[ReadingRow], organization_ids: Sequence[int], measured: Sequence[datetime]
) -> dict[str, Any]:
    """Devices, each with the battery and the signal of its newest row."""
    newest: dict[tuple[int, int], tuple[datetime, ReadingRow]] = {}
    for row, organization_id, instant in zip(rows, organization_ids, measured, strict=True):
        device = (organization_id, row.device_id)
        if device not in newest or newest[device][0] < instant:
            newest[device] = (instant, row)
    devices = sorted(newest)
    last = [newest[device][1] for device in devices]
    return {
        **device_columns(devices),
        "battery_level": numbers([row.battery_level for row in last]),
        "signal_is_poor": numbers([None if row.quality is None else row.quality == SignalQuality.POOR for row in last]),
    }


def _results(
    rows: Sequence[ReadingRow],
    organization_ids: Sequence[int],
    measured: Sequence[datetime],
    placed: Mapping[int, Placed],
) -> list[RowResult]:
    results: list[RowResult] = []
    seen: set[tuple[int, int, datetime]] = set()
    for index, (row, instant) in enumerate(zip(rows, measured, strict=True)):
        patient_id, number, is_new, is_theirs, _, _ = placed[index]
        if patient_id is None:
            results.append(RowResult(Outcome.UNASSIGNED))
            continue
        if not is_theirs:
            results.append(RowResult(Outcome.OTHER_PATIENT, patient_id, instant, number))
            continue
        # Rows of one device and instant share the insert's answer; only the first of them made it.
        place = (organization_ids[index], row.device_id, instant)
        outcome = Outcome.CREATED if is_new and place not in seen else Outcome.DUPLICATE
        seen.add(place)
        results.append(RowResult(outcome, patient_id, instant, number))
    return results
