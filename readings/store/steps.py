"""What storing does, as steps: statements out, their rows in. Knows no connection, so that both doors run the same.

The sync door (Django's connection, one organization) and the async door (the data plane, many organizations in one
transaction) differ only in how they run a statement.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from readings.models import reading_public_id
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from readings.store import statements

Parameters = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
T = TypeVar("T")
# Yields a statement with its parameters and is sent the rows that it returned: an empty list where it returns none.
Steps = Generator[tuple[str, Parameters], Rows, T]
# Organization and patient.
PatientKey = tuple[int, int]

SLOPE_WINDOW = timedelta(minutes=20)
COPY_WINDOW = timedelta(seconds=150)
_COLUMNS = (
    "device_id", "measured_at", "glucose", "unit", "range_flag", "quality",
    "trend", "rate", "confidence", "battery_level", "sensor_data", "expected_patient_id",
)  # fmt: skip


class AssignmentChanged(RuntimeError):
    """A device was reassigned while its readings were being stored; storing them again places them rightly."""


def store_steps(
    rows: Sequence[ReadingRow], organization_ids: Sequence[int], *, note_contact: bool = True
) -> Steps[list[RowResult]]:
    """Store ``rows``, each in the organization at its place; one result for each, in the order sent.

    A pair of rows for one device and instant: the first is stored, the second is a duplicate. Rows of devices that
    the organization does not have are the caller's fault (KeyError). Raises AssignmentChanged: roll back, try again.
    """
    sent = _columns(rows, organization_ids)
    found = yield statements.INSERT, sent
    placed = {position - 1: rest for position, *rest in found}
    new = [index for index, (_, _, is_new, *_) in placed.items() if is_new]
    if new:
        keys = [(organization_ids[index], placed[index][0]) for index in new]
        instants = [sent["measured_at"][index] for index in new]
        devices = [rows[index].device_id for index in new]
        beside_others = [number for number, index in enumerate(new) if placed[index][5]]
        misplaced = yield statements.MISPLACED, {**_places(keys, instants), "device_id": devices}
        if misplaced:
            raise AssignmentChanged
        yield from settle(keys, instants, may_be_copies=beside_others)
    if note_contact:
        yield statements.NOTE_CONTACT, sent
    return _results(rows, organization_ids, placed)


def settle(
    keys: Sequence[PatientKey], instants: Sequence[datetime], *, may_be_copies: Sequence[int] | None = None
) -> Steps[None]:
    """After readings of these patients and instants are new or changed: copies, current values, and marks
    for whoever summarises days and evaluates rules.

    ``may_be_copies``: the places of those that another device may have sent as well; None: all.
    """
    known = yield from lock_states(sorted(set(keys)))
    changed = list(zip(keys, instants, strict=True))
    judged = changed if may_be_copies is None else [changed[place] for place in may_be_copies]
    changed += yield from _flag_copies(judged)
    yield from _refresh_states(changed, known)
    yield statements.MARK, _places([key for key, _ in changed], [instant for _, instant in changed])


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
    instants = [instant for _, instant in judged]
    found = yield (
        statements.FLAG_COPIES,
        {
            **_places([key for key, _ in judged], instants),
            "since": min(instants) - 2 * COPY_WINDOW,
            "until": max(instants) + 2 * COPY_WINDOW,
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
    yield (
        statements.REFRESH_STATES,
        {
            **_patients(keys),
            "newest_at": [newest[key] for key in keys],
            # Twice: the newest may be a copy, and the canonical one before it has a slope of its own.
            "since": min(newest.values()) - 2 * SLOPE_WINDOW,
            "until": max(newest.values()),
        },
    )


def _patients(keys: Sequence[PatientKey]) -> dict[str, Any]:
    return {"organization_id": [key[0] for key in keys], "patient_id": [key[1] for key in keys]}


def _places(keys: Sequence[PatientKey], instants: Sequence[datetime]) -> dict[str, Any]:
    return {**_patients(keys), "measured_at": list(instants)}


def _columns(rows: Sequence[ReadingRow], organization_ids: Sequence[int]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _COLUMNS}
    columns["measured_at"] = [cut_to_milliseconds(value) for value in columns["measured_at"]]
    columns["sensor_data"] = [None if value is None else json.dumps(value) for value in columns["sensor_data"]]
    columns["organization_id"] = list(organization_ids)
    return columns


def _results(
    rows: Sequence[ReadingRow], organization_ids: Sequence[int], placed: Mapping[int, list[Any]]
) -> list[RowResult]:
    results: list[RowResult] = []
    seen: set[tuple[int, int, datetime]] = set()
    for index, row in enumerate(rows):
        patient_id, number, is_new, is_theirs, measured_at, _ = placed[index]
        if patient_id is None:
            results.append(RowResult(Outcome.UNASSIGNED, None, None))
            continue
        public_id = reading_public_id(measured_at, number)
        if not is_theirs:
            results.append(RowResult(Outcome.OTHER_PATIENT, public_id, patient_id))
            continue
        # Rows of one device and instant share the insert's answer; only the first of them made it.
        place = (organization_ids[index], row.device_id, measured_at)
        outcome = Outcome.CREATED if is_new and place not in seen else Outcome.DUPLICATE
        seen.add(place)
        results.append(RowResult(outcome, public_id, patient_id))
    return results
