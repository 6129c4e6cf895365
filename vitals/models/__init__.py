from vitals.models.measurement import (
    Measurement,
    MeasurementQuerySet,
    device_measurement_id,
    read_device_measurement_id,
)
from vitals.models.observation import Observation, ObservationQuerySet, OxygenScale
from vitals.scores.models import Activity, Goal, HealthScore

__all__ = [
    "Activity",
    "Goal",
    "HealthScore",
    "Measurement",
    "MeasurementQuerySet",
    "Observation",
    "ObservationQuerySet",
    "OxygenScale",
    "device_measurement_id",
    "read_device_measurement_id",
]
