from readings.models.amendment import Amendment
from readings.models.evaluation import EvaluationMark
from readings.models.importing import FILE_KEPT_FOR, ImportJob
from readings.models.reading import (
    GlucoseReading,
    GlucoseReadingQuerySet,
    RangeFlag,
    SignalQuality,
    Trend,
    Unit,
    read_public_id,
    reading_public_id,
    reading_public_text,
)
from readings.models.sensor_value import SensorValue
from readings.models.state import PatientState
from readings.models.summary import HISTOGRAM_BIN, DaySummary, DaySummaryQuerySet, DirtyDay

__all__ = [
    "FILE_KEPT_FOR",
    "HISTOGRAM_BIN",
    "Amendment",
    "DaySummary",
    "DaySummaryQuerySet",
    "DirtyDay",
    "EvaluationMark",
    "GlucoseReading",
    "GlucoseReadingQuerySet",
    "ImportJob",
    "PatientState",
    "RangeFlag",
    "SensorValue",
    "SignalQuality",
    "Trend",
    "Unit",
    "read_public_id",
    "reading_public_id",
    "reading_public_text",
]
