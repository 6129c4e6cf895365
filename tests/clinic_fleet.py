"""What devices told of themselves, for the isolation tests: of each device one row of each kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, repeat
from typing import TYPE_CHECKING

from django.db import connection

from devices.fleet.models import (
    Battery,
    Calibration,
    DeviceLog,
    DeviceSettings,
    DeviceState,
    HeartbeatSample,
    LogLevel,
)
from devices.models import Device
from tenancy import roles

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_fleet_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    now = datetime.now(UTC)
    for device, canary in zip(clinic.devices, chain(canaries, repeat(canaries[0])), strict=False):
        DeviceState.objects.create(device=device, heard_at=now, status="active", battery_level=64, logged=1)
        HeartbeatSample.objects.create(device=device, sampled_at=now - timedelta(minutes=20), battery_level=65)
        DeviceLog.objects.create(
            device=device,
            number=1,
            received_at=now,
            logged_at=now,
            level=LogLevel.WARNING,
            message=f"The sensor was restarted {canary}",
            context={"cause": canary},
        )
        Battery.objects.create(device=device, level=64, hours_left=90, charge_cycles=12, health="good")
        Calibration.objects.create(
            device=device,
            red_offset=Decimal("0.125"),
            infrared_offset=Decimal("-0.25"),
            green_offset=Decimal(0),
            temperature_offset=Decimal("0.5"),
            calibrated_at=now,
            made_by=f"Somebody {canary}",
        )
        DeviceSettings.objects.create(device=device, skin_tone_compensation="medium")
        _add_sensor_value(device, now)


def _add_sensor_value(device: Device, now: datetime) -> None:
    """Only the data plane writes them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL app.organization_ids = '{{{device.organization_id}}}'")
        cursor.execute(f"SET LOCAL ROLE {roles.EDGE}")
        cursor.execute(
            "INSERT INTO readings_sensorvalue (organization_id, device_id, sensor_type, measured_at, value, unit,"
            " received_at) VALUES (%s, %s, 'humidity', %s, 41.5, '%%', %s)",
            [device.organization_id, device.pk, now, now],
        )
        cursor.execute("SET LOCAL ROLE NONE")
