from vitals.models.measurement import (
    Measurement,
    MeasurementQuerySet,
    device_measurement_id,
    read_device_measurement_id,
)

__all__ = ["Measurement", "MeasurementQuerySet", "device_measurement_id", "read_device_measurement_id"]
