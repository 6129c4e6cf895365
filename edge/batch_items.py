"""The items of a batch, each read by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from analytics.units import MG_DL_PER_MMOL_L, shown_mmol_l
from devices.services import CLOCK_TOLERANCE
from edge.batch_measures import BodyHalf, MeasureRefused, joined, read_measure
from edge.payloads import BatchReading, SensorValue, validation_context
from edge.plain_readings import plain_reading
from edge.refusals import DEVICE_MISMATCH
from edge.validation import error_sentence
from readings.models import Unit
from readings.rows import ReadingRow
from readings.sensors.store import SensorRow
from vitals.rows import MeasurementRow

_UNITS = {"mg/dl": (Unit.MG_DL, 1.0), "mmol/l": (Unit.MMOL_L, MG_DL_PER_MMOL_L)}


class BatchItem(NamedTuple):
    """One of ``row``, ``vital`` and ``sensor``; none: the item was malformed, and ``error`` says how.

    ``user`` None: whoever the device measured.
    """

    row: ReadingRow | None = None
    user: str | None = None
    error: str = ""
    vital: MeasurementRow | None = None
    sensor: SensorRow | None = None


def read_items(
    values: Sequence[Any], *, device_id: int, device_names: frozenset[str], oldest: datetime | None
) -> list[BatchItem]:
    """``device_names``: what the body may call the device of the URL."""
    latest = timezone.now() + CLOCK_TOLERANCE
    halves: dict[int, BodyHalf] = {}
    items = []
    for place, value in enumerate(values):
        item = _plain_item(value, device_id, device_names, oldest, latest) or _item(
            value, device_id, device_names, oldest
        )
        if isinstance(item, BodyHalf):
            halves[place] = item
            item = BatchItem()
        items.append(item)
    if halves:
        pairs, alone = joined(halves)
        for place in halves:
            items[place] = BatchItem(vital=pairs.get(place), error=alone.get(place, ""))
    return items


def _plain_item(
    value: Any, device_id: int, device_names: frozenset[str], oldest: datetime | None, latest: datetime
) -> BatchItem | None:
    if not isinstance(value, dict) or "sensor_type" in value or "sensorType" in value:
        return None
    reading = plain_reading(value)
    if reading is None or not (reading.device_id is None or reading.device_id in device_names):
        return None
    row = reading.row(device_id, oldest=oldest, latest=latest)
    return None if row is None else BatchItem(row, reading.user_id)


def _item(value: Any, device_id: int, device_names: frozenset[str], oldest: datetime | None) -> BatchItem | BodyHalf:
    if not isinstance(value, dict):
        return BatchItem(error="Input should be a valid dictionary")
    try:
        if "sensor_type" in value or "sensorType" in value:
            if value.get("sensor_type", value.get("sensorType")) != "glucose":
                return _measure_item(value, device_id, oldest)
            return _glucose_item(value, device_id, oldest)
        reading = BatchReading.model_validate(value, context=validation_context(oldest))
    except ValidationError as error:
        return BatchItem(error=error_sentence(error))
    if reading.device_id is not None and reading.device_id not in device_names:
        return BatchItem(error=DEVICE_MISMATCH)
    return BatchItem(row=reading.row(device_id), user=reading.user_id)


def _measure_item(value: dict[str, Any], device_id: int, oldest: datetime | None) -> BatchItem | BodyHalf:
    try:
        measure = read_measure(value, device_id, oldest)
    except MeasureRefused as refused:
        return BatchItem(error=str(refused))
    if isinstance(measure, BodyHalf):
        return measure
    return BatchItem(vital=measure) if isinstance(measure, MeasurementRow) else BatchItem(sensor=measure)


def _glucose_item(value: dict[str, Any], device_id: int, oldest: datetime | None) -> BatchItem:
    sent = SensorValue.model_validate(value, context=validation_context(oldest))
    known = _UNITS.get(sent.unit.lower())
    if known is None:
        return BatchItem(error=f"{sent.unit} is not a unit of glucose: send mg/dL or mmol/L.")
    unit, factor = known
    # Limits count after rounding: 2.2 mmol/L is what a meter shows for 40 mg/dL.
    mg_dl = factor * (shown_mmol_l(sent.value) if unit == Unit.MMOL_L else sent.value)
    if not settings.GLUCOSE_MIN_VALUE - 0.5 <= mg_dl < settings.GLUCOSE_MAX_VALUE + 0.5:
        return BatchItem(error=f"value: {_range_text(factor)}")
    row = ReadingRow(
        device_id=device_id,
        measured_at=sent.timestamp,
        glucose=math.floor(mg_dl + 0.5),
        unit=unit,
        quality=sent.quality.stored if sent.quality else None,
    )
    return BatchItem(row=row)


def _range_text(factor: float) -> str:
    low, high = (limit / factor for limit in (settings.GLUCOSE_MIN_VALUE, settings.GLUCOSE_MAX_VALUE))
    decimals = 0 if factor == 1 else 1
    return f"Input should be between {low:.{decimals}f} and {high:.{decimals}f}"
