from __future__ import annotations

from collections.abc import Iterable

from dexcom_sync.models import Connection, Source
from dexcom_sync.records.fields import Source as Named

_FIELDS = ("transmitter_id", "generation", "variant", "display_device", "display_app")


def source_ids(connection: Connection, named: Iterable[Named]) -> dict[Named, int]:
    """The rows of these pairings; what is not known yet is made. The caller holds the connection's lock."""
    wanted = set(named)
    theirs = Source.objects.filter(connection_id=connection.pk)
    known = {Named(*row[1:]): row[0] for row in theirs.values_list("id", *_FIELDS)} if wanted else {}
    for one in sorted(wanted - known.keys(), key=_in_order):
        known[one] = Source.objects.create(
            connection=connection,
            patient_id=connection.patient_id,
            **{name: getattr(one, name) for name in _FIELDS},
        ).pk
    return {one: known[one] for one in wanted}


def _in_order(one: Named) -> tuple[str, ...]:
    return tuple(getattr(one, name) for name in _FIELDS)
