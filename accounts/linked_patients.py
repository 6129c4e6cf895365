"""Patients stand above accounts: what accounts has to know of the patient behind a login is asked here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LinkedPatient:
    id: int
    public_id: uuid.UUID
    code: str


class PatientDirectory(Protocol):
    def with_code(self, code: str) -> LinkedPatient | None: ...

    def with_ids(self, ids: Iterable[int]) -> dict[int, LinkedPatient]: ...


_directories: list[PatientDirectory] = []


def register_patient_directory(directory: PatientDirectory) -> None:
    _directories[:] = [directory]


def patient_with_code(code: str) -> LinkedPatient | None:
    return _directories[0].with_code(code)


def patients_with_ids(ids: Iterable[int | None]) -> dict[int, LinkedPatient]:
    """By id; no question is asked where nobody is linked to a patient."""
    wanted = {number for number in ids if number is not None}
    return _directories[0].with_ids(wanted) if wanted else {}
