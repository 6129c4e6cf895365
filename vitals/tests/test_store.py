from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from devices.services import end_assignment
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.rows import MeasurementRow
from vitals.store import store_measurements

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_device_stays_with_whom_it_measured(northside: Clinic) -> None:
    now = datetime.now(UTC)
    with northside.scope():
        store_measurements([MeasurementRow(northside.devices[0].pk, Metric.HEART_RATE, now, 70, "bpm")])
        with pytest.raises(ValidationError, match="has measured at or after that time"):
            end_assignment(device=northside.devices[0], ends_at=now - timedelta(minutes=1))
