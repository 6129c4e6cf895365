"""Which clinics have something to seal; asked by a definer function that tells ids and never an entry."""

from __future__ import annotations

from tenancy.directory import organizations_named_by


def organizations_with_unsealed_entries() -> list[int]:
    return organizations_named_by("audit_unsealed")
