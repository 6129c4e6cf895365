"""Patients stand above the ledger: which patient a code means, and the codes of ids, is asked here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class PatientCodes(Protocol):
    def id_of(self, code: str) -> int | None: ...

    def codes_of(self, ids: Iterable[int]) -> dict[int, str]: ...


_registered: list[PatientCodes] = []


def register_patient_codes(codes: PatientCodes) -> None:
    _registered[:] = [codes]


def patient_id_of(code: str) -> int | None:
    return _registered[0].id_of(code)


def codes_of(ids: Iterable[int]) -> dict[int, str]:
    """By id; ids that are gone are left out, and no question is asked for none."""
    wanted = set(ids)
    return _registered[0].codes_of(wanted) if wanted else {}
