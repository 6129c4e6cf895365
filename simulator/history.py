"""What lies before the demo's last days, stored while it runs: the newest first, and never in the way of others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from devices.models import Assignment, Device
from readings.services import store_readings
from simulator.clinics import DemoClinic, DemoDevice
from simulator.demo import CHUNK, HISTORY, reading_times, rows_of
from simulator.traces import Traces
from tenancy.directory import organization_by_code
from tenancy.scope import organization_scope

PIECE = timedelta(days=1)


@dataclass(slots=True)
class _Past:
    """Of one device: readings from ``since`` on and before ``until`` are missing."""

    plan: DemoDevice
    device: Device
    since: datetime
    until: datetime


def fill_history(*, clinics: Iterable[DemoClinic], now: datetime, wait: Callable[[float], bool]) -> int:
    """Returns how many readings were added. ``wait`` takes seconds and answers whether to stop.

    It waits as long as it worked, for the demo has other things to do.
    """
    added, pieces = 0, [_pieces(clinic, now) for clinic in clinics]
    while pieces:
        for piece in list(pieces):
            begun = time.monotonic()
            count = next(piece, None)
            if count is None:
                pieces.remove(piece)
                continue
            added += count
            if wait(time.monotonic() - begun):
                return added
    return added


def _pieces(clinic: DemoClinic, now: datetime) -> Iterator[int]:
    """Of a day of the clinic each: the numbers of readings added."""
    organization = organization_by_code(clinic.code)
    if organization is None:
        return
    with organization_scope(organization.id), transaction.atomic():
        missing = list(_missing(clinic, now))
    while missing := [past for past in missing if past.until > past.since]:
        # The scope must not be left open between two pieces: the other clinic works in between.
        with organization_scope(organization.id), transaction.atomic():
            count = _store_piece(clinic, missing)
        yield count


def _missing(clinic: DemoClinic, now: datetime) -> Iterator[_Past]:
    plans = {plan.code: plan for plan in clinic.devices if plan.has_history}
    for device in Device.objects.filter(code__in=plans):
        first = (
            Assignment.objects.filter(device=device).order_by("starts_at").values_list("starts_at", flat=True).first()
        )
        oldest = reading_times(device).first()
        if first is not None and oldest is not None:
            yield _Past(plans[device.code], device, max(now - HISTORY, first), oldest)


def _store_piece(clinic: DemoClinic, missing: list[_Past]) -> int:
    traces, count = Traces(), 0
    since = min(past.until for past in missing) - PIECE
    traces.prepare([clinic.wearer(past.plan.patient) for past in missing], since, max(past.until for past in missing))
    for past in missing:
        begin = max(past.since, past.until - PIECE)
        rows = rows_of(traces.trace(clinic.wearer(past.plan.patient), begin, past.until), past.device, past.plan)
        for start in range(0, len(rows), CHUNK):
            store_readings(rows=rows[start : start + CHUNK], note_contact=False)
        past.until = begin
        count += len(rows)
    return count
