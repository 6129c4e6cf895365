"""The one door to a patient's medical history. Every read of it stands in the audit ledger, as does every write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.changes import apply_changes, record_creation
from audit.services import record_look
from patients.models import HistoryAmendment, HistoryEntry, Patient

# The kind of look that the ledger names.
HISTORY = "patients.history"


@dataclass(frozen=True, slots=True)
class Author:
    """``member_id`` None: an operator, or the platform."""

    name: str
    member_id: int | None = None


def read_history(*, patient: Patient, newest: int | None = None) -> list[HistoryEntry]:
    """The entries, newest first; ``newest``: that many at most. Never covered by an earlier look."""
    record_look(kind=HISTORY, object_id=patient.code, patient_id=patient.pk, always=True)
    return list(HistoryEntry.objects.of_patient(patient).newest_first()[:newest])


def former_texts(*, patient: Patient) -> dict[int, list[HistoryAmendment]]:
    """What amended entries said before, newest first, by the entry's key. Reading them belongs to ``read_history``."""
    former: dict[int, list[HistoryAmendment]] = defaultdict(list)
    for amendment in HistoryAmendment.objects.filter(patient=patient).order_by("-created_at", "-id"):
        former[amendment.entry_id].append(amendment)
    return former


@transaction.atomic
def add_history_entry(*, patient: Patient, kind: str, text: str, author: Author, **imported: Any) -> HistoryEntry:
    """``imported``: when it was written elsewhere, and the digest of its line. Raises ValidationError."""
    entry = HistoryEntry(
        patient=patient, kind=kind, text=text, author_id=author.member_id, author_name=author.name, **imported
    )
    entry.full_clean(exclude=["patient", "author"])
    entry.save()
    record_creation(
        entry, object_id=str(entry.public_id), patient_id=patient.pk, skip=["patient", "author", "author_name"]
    )
    return entry


@transaction.atomic
def amend_history_entry(*, entry: HistoryEntry, changes: dict[str, Any], author: Author) -> HistoryEntry:
    """Change ``kind`` or ``text``. What stood there is kept as an amendment. Raises ValidationError."""
    locked: HistoryEntry = HistoryEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    if all(getattr(locked, name) == value for name, value in changes.items()):
        return locked
    HistoryAmendment(
        entry=locked,
        patient_id=locked.patient_id,
        kind=locked.kind,
        text=locked.text,
        author_id=author.member_id,
        author_name=author.name,
    ).save()
    apply_changes(
        locked,
        {**changes, "amended_at": timezone.now()},
        object_id=str(locked.public_id),
        patient_id=locked.patient_id,
        exclude=["patient", "author"],
    )
    return locked
