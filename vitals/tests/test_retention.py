from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from accounts.organizations import change_organization
from audit.models import Entry
from devices.services import end_assignment
from readings.models import SensorValue
from readings.sensors.store import SensorRow, store_sensor_steps
from readings.store import run_steps
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.models import Measurement
from vitals.retention import remove_expired_measurements
from vitals.rows import MeasurementRow
from vitals.store import store_measurements
from vitals.tests.measuring import measure

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_older_than_the_clinic_keeps_goes(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic():
            measure(clinic.patients[0], Metric.HEART_RATE, [(now - timedelta(days=days), 70) for days in (0, 29, 31)])
            device = clinic.devices[0].pk
            rows = [SensorRow(device, "temperature", now - timedelta(days=days), 20, "°C") for days in (0, 31)]
            run_steps(store_sensor_steps(rows, [clinic.organization.pk] * 2))
    with northside.scope():
        change_organization(organization=northside.organization, changes={"reading_retention_days": 30})
        assert remove_expired_measurements() == 2
    with southside.scope():
        assert remove_expired_measurements() == 0
    for clinic, left in ((northside, (2, 1)), (southside, (3, 2))):
        with clinic.scope(), transaction.atomic():
            assert (Measurement.objects.count(), SensorValue.objects.count()) == left
    with northside.scope(), transaction.atomic():
        kinds = Entry.objects.filter(action="expire").values_list("object_type", flat=True)
        assert set(kinds) == {"vitals.measurement", "readings.sensorvalue"}


def test_a_device_stays_with_whom_it_measured(northside: Clinic) -> None:
    now = datetime.now(UTC)
    with northside.scope():
        store_measurements([MeasurementRow(northside.devices[0].pk, Metric.HEART_RATE, now, 70, "bpm")])
        with pytest.raises(Exception, match="has measured at or after that time"):
            end_assignment(device=northside.devices[0], ends_at=now - timedelta(minutes=1))
