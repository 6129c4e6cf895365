"""Vital signs, steps and sleep of the demo's people: a few a day, as a watch and a cuff send them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import date, datetime, time

import numpy as np

from devices.models import Device
from readings.history.days import ONE_DAY
from simulator.traces import Wearer
from simulator.vitals import UNITS, Walk
from vitals.catalogue import Metric
from vitals.models import Measurement
from vitals.rows import MeasurementRow
from vitals.store import store_measurements

DAYS = 30
LOOKED_AT = (time(8), time(14), time(20))
WOKEN, WALKED = time(7), time(21)
_METRICS = {metric.label: metric for metric in Metric}


def store_vitals(device: Device, wearer: Wearer, now: datetime) -> int:
    """Those that are missing up to ``now``, of the patient who wears the device; returns how many."""
    newest = Measurement.objects.filter(device=device).newest_first().values_list("measured_at", flat=True).first()
    since = now - DAYS * ONE_DAY if newest is None else newest
    rows = [row for row in _rows(device, wearer, since, now) if since < row.measured_at <= now]
    store_measurements(rows)
    return len(rows)


def _rows(device: Device, wearer: Wearer, since: datetime, now: datetime) -> Iterator[MeasurementRow]:
    day, last = wearer.day_of(since), wearer.day_of(now)
    while day <= last:
        # Of a day by itself: what is stored later goes on from what is there.
        seed = zlib.crc32(f"{device.code} {day}".encode())
        chance, walk = np.random.default_rng(seed), Walk(seed)
        yield _row(device, wearer, Metric.SLEEP_DURATION, day, WOKEN, round(float(chance.normal(430, 45))), "min")
        yield _row(device, wearer, Metric.STEPS, day, WALKED, round(abs(float(chance.normal(6500, 1800)))), "count")
        for at in LOOKED_AT:
            yield from _signs(device, wearer, day, at, walk)
        day += ONE_DAY


def _signs(device: Device, wearer: Wearer, day: date, at: time, walk: Walk) -> Iterator[MeasurementRow]:
    values = walk.next()
    systolic, diastolic = values.pop("bp_systolic"), values.pop("bp_diastolic")
    pressure = _row(device, wearer, Metric.BLOOD_PRESSURE, day, at, systolic, "mmHg")
    yield pressure._replace(second=diastolic)
    for name, value in values.items():
        yield _row(device, wearer, _METRICS[name], day, at, value, UNITS[name])


def _row(
    device: Device, wearer: Wearer, metric: Metric, day: date, at: time, value: float, unit: str
) -> MeasurementRow:
    measured_at = datetime.combine(day, at, tzinfo=wearer.zone)
    return MeasurementRow(device_id=device.pk, metric=metric, measured_at=measured_at, value=value, unit=unit)
