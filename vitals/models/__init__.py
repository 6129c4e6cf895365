from vitals.models.measurement import (
    Measurement,
    MeasurementQuerySet,
    device_measurement_id,
    read_device_measurement_id,
)
from vitals.models.observation import Observation, ObservationQuerySet, OxygenScale

__all__ = [
    "Measurement",
    "MeasurementQuerySet",
    "Observation",
    "ObservationQuerySet",
    "OxygenScale",
    "device_measurement_id",
    "read_device_measurement_id",
]
