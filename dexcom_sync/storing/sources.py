from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dexcom_sync.models import Connection, Source
from dexcom_sync.records.fields import Source as Named

_FIELDS = ("transmitter_id", "generation", "variant", "display_device", "display_app")


class SourceIds(NamedTuple):
    """``is_news``: whether one of them was not known before."""

    ids: dict[Named, int]
    is_news: bool


def source_ids(connection: Connection, named: Iterable[Named]) -> SourceIds:
    """The rows of these pairings; what is not known yet is made. The caller holds the connection's lock."""
    wanted = set(named)
    theirs = Source.objects.filter(connection_id=connection.pk)
    known = {Named(*row[1:]): row[0] for row in theirs.values_list("id", *_FIELDS)} if wanted else {}
    news = sorted(wanted - known.keys(), key=_in_order)
    for one in news:
        known[one] = Source.objects.create(
            connection=connection,
            patient_id=connection.patient_id,
            **{name: getattr(one, name) for name in _FIELDS},
        ).pk
    return SourceIds({one: known[one] for one in wanted}, bool(news))


def _in_order(one: Named) -> tuple[str, ...]:
    return tuple(getattr(one, name) for name in _FIELDS)
