"""Entries of the ledger in the event sink: what was done by whom, in words of ours; no patient and no values."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from audit.models import Entry, Seal
from tenancy.event_sink import event_sink
from tenancy.models import Organization
from tenancy.scope import required_organization_id

_TOLD = ("action", "object_type", "actor_kind", "actor_id", "actor_role", "request_id", "outcome", "count")


def put_sealed_entries(seals: Sequence[Seal]) -> None:
    """Of the clinic in scope, once they are sealed. Nothing where the operator names no table."""
    sink = event_sink()
    if sink is None or not seals:
        return
    with transaction.atomic():
        code = Organization.objects.values_list("code", flat=True).get(pk=required_organization_id())
    for seal in seals:
        with transaction.atomic():
            entries = Entry.objects.filter(at__range=(seal.first_at, seal.last_at), id__in=list(seal.entry_ids))
            rows = list(entries.values("at", *_TOLD))
        for row in rows:
            at = row.pop("at")
            sink.put(level="AUDIT", message=str(row["action"]), context={"organization": code, **row}, at=at)
