from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Purpose(models.TextChoices):
    """``ledger`` is apart from ``record``: the ledger's rows are never sealed anew, so rotation leaves its key."""

    ROOT = "root", "wraps the organization's other keys"
    RECORD = "record", "seals fields"
    LEDGER = "ledger", "seals former values in the audit ledger"
    INDEX = "index", "makes blind indexes"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose values a key seals: a patient's, an organization's, or (``organization_id`` None) those of persons."""

    organization_id: int | None
    purpose: str
    patient_id: int | None = None

    def context(self, key_id: int) -> str:
        """What a wrapped key is bound to: it unwraps in no other row."""
        return f"glucose/v1/key/{self.organization_id or 0}/{self.purpose}/{self.patient_id or 0}/{key_id}"

    @property
    def root(self) -> Owner:
        return Owner(self.organization_id, Purpose.ROOT)

    @property
    def is_wrapped_by_kek(self) -> bool:
        return self.organization_id is None or self.purpose == Purpose.ROOT


PLATFORM = Owner(None, Purpose.RECORD)
